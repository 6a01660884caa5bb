import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Writes into `folder`: ca.pem; server.pem and client.pem, signed by it, with their keys NAME.key; stranger.pem, signed by
 * itself. Names of the server: localhost and 127.0.0.1; of the client: those below.
 */
export function writeCertificates(folder: string): void {
  const openssl = (...argv: string[]) => execFileSync('openssl', argv, { cwd: folder, stdio: 'pipe' })
  const request = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
  ]
  openssl(...request, '-subj', '/CN=test CA', '-keyout', 'ca.key', '-out', 'ca.pem')
  openssl(...request, '-subj', '/CN=stranger', '-keyout', 'stranger.key', '-out', 'stranger.pem')
  const sign = (name: string, names: string, usage: string) => {
    const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key']
    const extensions = ['-addext', `subjectAltName=${names}`, '-addext', `extendedKeyUsage=${usage}`]
    openssl(
      ...request,
      ...by,
      '-subj',
      `/CN=${name}`,
      ...extensions,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
    )
  }
  sign('server', 'DNS:localhost,IP:127.0.0.1', 'serverAuth')
  sign('client', CLIENT_NAMES.map(([kind, name]) => `${kind}:${name}`).join(','), 'clientAuth')
  openssl('pkey', '-in', 'server.key', '-aes128', '-passout', 'pass:secret', '-out', 'locked.key')
  writeFileSync(join(folder, 'junk.pem'), 'no certificate\n')
}

/** Alternative names of the client's certificate, as OpenSSL takes them. */
export const CLIENT_NAMES = [
  ['DNS', 'prometheus.example'],
  ['email', 'ops@example.org'],
  ['IP', '::1'],
  ['URI', 'spiffe://example/prometheus'],
] as const
