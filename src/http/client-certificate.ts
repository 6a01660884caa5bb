import type { X509Certificate } from 'node:crypto'
import { isIPv6 } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { TlsConfig } from '../config/web-config.js'

/**
 * Why the certificate of a client, or that it has none, does not do; undefined: it does.
 * What TLS itself has refused by then does not come here.
 */
export function findCertificateProblem(
  socket: TLSSocket,
  { clientAuth, clientNames }: Pick<TlsConfig, 'clientAuth' | 'clientNames'>,
): string | undefined {
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) {
    return clientAuth.startsWith('Require') ? 'the client has no certificate' : undefined
  }
  if (clientAuth === 'VerifyClientCertIfGiven' && !socket.authorized) return String(socket.authorizationError)
  if (clientNames === undefined) return undefined
  return alternativeNames(certificate).some((name) => clientNames.includes(name))
    ? undefined
    : 'the certificate of the client has no allowed name'
}

/** What comes before a comma; quoted as JSON where a comma is inside. */
const NAME = /(?:^|, )(DNS|email|IP Address|URI):("(?:[^"\\]|\\.)*"|[^,]*)/g

/** DNS names, e-mail and IP addresses and URIs of a certificate, as Go writes them. */
export function alternativeNames({ subjectAltName = '' }: Pick<X509Certificate, 'subjectAltName'>): string[] {
  return [...subjectAltName.matchAll(NAME)].map(([, kind, text = '']) => {
    const name: string = text.startsWith('"') ? JSON.parse(text) : text
    return kind === 'IP Address' && isIPv6(name) ? new URL(`http://[${name}]`).hostname.slice(1, -1) : name
  })
}
