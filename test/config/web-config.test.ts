import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeConfigError } from '../../src/config/config-error.js'
import { type ReadWebConfig, readWebConfig } from '../../src/config/read-web-config.js'
import { writeCertificates } from '../support/certificates.js'

const HASH = '$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi'
const TLS = 'tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n'
const ASKED = `${TLS}  client_auth_type: RequireAndVerifyClientCert\n`
const ANY = /./

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'amdahl-web-config-'))
  writeCertificates(folder)
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Text of a PEM file as the block of a YAML key. */
function inline(key: string, file: string): string {
  return `  ${key}: |\n${readFileSync(join(folder, file), 'utf8').replaceAll(/^(?=.)/gm, '    ')}`
}

function write(text: string): string {
  const file = join(folder, 'web.yml')
  writeFileSync(file, text)
  return file
}

/** @returns what it says where it refuses. */
function promtool(file: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    execFile('promtool', ['check', 'web-config', file], (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error)
      else resolve(error ? stdout + stderr : undefined)
    })
  })
}

async function errorsOf(file: string): Promise<string | undefined> {
  const read = await readWebConfig(file)
  return read.ok ? undefined : read.errors.map(describeConfigError).join('\n').replaceAll(`${folder}/`, '')
}

/** What both accept. */
const ACCEPTED: readonly (readonly [string, string | (() => string)])[] = [
  ['nothing', ''],
  ['a comment', '# nothing\n'],
  ['empty sections', 'tls_server_config:\nhttp_server_config:\nbasic_auth_users:\n'],
  ['empty mappings', 'tls_server_config: {}\nhttp_server_config: {}\nbasic_auth_users: {}\n'],
  ['TLS', TLS],
  ['TLS by absolute paths', () => TLS.replaceAll('server.', `${folder}/server.`)],
  ['empty paths and no client', 'tls_server_config: {cert_file: "", key_file: "", client_auth_type: ""}'],
  ['versions', `${TLS}  min_version: TLS12\n  max_version: TLS13\n`],
  ['old versions', `${TLS}  min_version: TLS10\n  max_version: TLS11\n`],
  ['one version', `${TLS}  min_version: TLS13\n`],
  ['empty versions', `${TLS}  min_version:\n  max_version: null\n`],
  [
    'all ciphers of the toolkit',
    `${TLS}  cipher_suites:\n${[
      'TLS_AES_128_GCM_SHA256',
      'TLS_AES_256_GCM_SHA384',
      'TLS_CHACHA20_POLY1305_SHA256',
      'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA',
      'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA',
      'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA',
      'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA',
      'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
      'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
      'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
      'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
      'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
      'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
    ]
      .map((name) => `    - ${name}\n`)
      .join('')}`,
  ],
  ['ciphers of TLS 1.3 only', `${TLS}  cipher_suites: [TLS_AES_128_GCM_SHA256]\n`],
  ['no ciphers', `${TLS}  cipher_suites: []\n  curve_preferences: []\n`],
  ['curves', `${TLS}  curve_preferences: [CurveP256, CurveP384, CurveP521, X25519]\n`],
  ['the order of the client', `${TLS}  prefer_server_cipher_suites: false\n`],
  ['yes and no of YAML 1.1', `${TLS}  prefer_server_cipher_suites: yes\nhttp_server_config: {http2: off}\n`],
  ...[
    'NoClientCert',
    'RequestClientCert',
    'RequireAnyClientCert',
    'RequireClientCert',
    'VerifyClientCertIfGiven',
  ].map((type) => [`clients: ${type}`, `${TLS}  client_auth_type: ${type}\n`] as const),
  ['clients: verified', `${ASKED}  client_ca_file: ca.pem\n`],
  ['clients: verified by the authorities that the system knows', ASKED],
  [
    'clients: verified if given',
    `${TLS}  client_auth_type: VerifyClientCertIfGiven\n  client_ca_file: ca.pem\n`,
  ],
  ['clients: names', `${ASKED}  client_ca_file: ca.pem\n  client_allowed_sans: [a.example, 127.0.0.1]\n`],
  [
    'TLS inside the file',
    () => `tls_server_config:\n${inline('cert', 'server.pem')}${inline('key', 'server.key')}`,
  ],
  ['authorities inside the file', () => `${ASKED}${inline('client_ca', 'ca.pem')}`],
  ['HTTP/1.1 only', `${TLS}http_server_config:\n  http2: false\n`],
  ['HTTP/2 without TLS', 'http_server_config: {http2: true}'],
  [
    'all headers',
    `http_server_config:
  headers:
    Strict-Transport-Security: max-age=31536000
    X-Content-Type-Options: nosniff
    X-Frame-Options: deny
    X-XSS-Protection: 0
    Content-Security-Policy: default-src 'self'
`,
  ],
  ['frames of the same site', 'http_server_config: {headers: {X-Frame-Options: sameorigin}}'],
  ['no headers', 'http_server_config: {headers: {}}'],
  [
    'users',
    `basic_auth_users:\n  alice: ${HASH}\n  bob: ${HASH.replace('2y', '2a').replace('$10', '$04')}\n`,
  ],
  ['users with TLS', `${TLS}basic_auth_users: {alice: "${HASH}"}`],
  ['an alias', `basic_auth_users:\n  alice: &hash ${HASH}\n  bob: *hash\n`],
  ['no users', 'basic_auth_users: {}'],
  ['a rate limit', 'rate_limit: {burst: 10, interval: 1s}'],
  ['a rate limit with parts', 'rate_limit: {burst: 10, interval: 1m0.5s}'],
  ['a rate limit in nanoseconds', 'rate_limit: {burst: 1, interval: 1000}'],
  ['no rate limit', 'rate_limit: {burst: 0, interval: 0}'],
]

/** What both refuse, and what is said of it. */
const REFUSED: readonly (readonly [string, string | (() => string), string | RegExp])[] = [
  [
    'text',
    'hello',
    'web.yml:1:1: expected the keys tls_server_config, http_server_config, rate_limit, basic_auth_users; got "hello"',
  ],
  ['a list', '- tls_server_config', /^web\.yml:1:1: expected the keys /],
  ['broken YAML', 'tls_server_config: {', /^web\.yml:1:21: /],
  [
    'an unknown section',
    'tls_config: {}',
    'web.yml:1:1: tls_config: unknown key; known here: tls_server_config, http_server_config, rate_limit, basic_auth_users',
  ],
  [
    'an unknown key of TLS',
    `${TLS}  certfile: a`,
    'web.yml:4:3: tls_server_config.certfile: unknown key; did you mean cert_file?',
  ],
  [
    'an unknown key of HTTP',
    'http_server_config: {http3: true}',
    'web.yml:1:22: http_server_config.http3: unknown key; did you mean http2?',
  ],
  ['a key twice', `${TLS}  key_file: server.key`, 'web.yml:4:3: duplicate key key_file; keep one of the two'],
  ['TLS as text', 'tls_server_config: yes', /^web\.yml:1:20: tls_server_config: expected the keys /],
  [
    'no key',
    'tls_server_config: {cert_file: server.pem}',
    'web.yml:1:20: tls_server_config: key_file is missing; give a PEM file, or its text as key',
  ],
  [
    'no certificate',
    'tls_server_config: {key_file: server.key}',
    'web.yml:1:20: tls_server_config: cert_file is missing; give a PEM file, or its text as cert',
  ],
  [
    'neither',
    'tls_server_config: {client_auth_type: RequestClientCert}',
    /cert_file is missing.*\n.*key_file is missing/,
  ],
  [
    'a certificate that is not there',
    TLS.replace('server.pem', 'none.pem'),
    'web.yml:2:14: tls_server_config.cert_file: none.pem cannot be read (no such file); give a readable PEM file',
  ],
  [
    'a key that is not there',
    TLS.replace('server.key', 'none.key'),
    'web.yml:3:13: tls_server_config.key_file: none.key cannot be read (no such file); give a readable PEM file',
  ],
  [
    'a folder',
    TLS.replace('server.key', './'),
    'web.yml:3:13: tls_server_config.key_file: ./ cannot be read (not a regular file); give a readable PEM file',
  ],
  [
    'no certificate in its file',
    TLS.replace('server.pem', 'junk.pem'),
    /^web\.yml:2:14: tls_server_config\.cert_file: no certificate \(/,
  ],
  [
    'no key in its file',
    TLS.replace('server.key', 'server.pem'),
    /^web\.yml:3:13: tls_server_config\.key_file: no private key \(/,
  ],
  [
    'a key with a passphrase',
    TLS.replace('server.key', 'locked.key'),
    /^web\.yml:3:13: tls_server_config\.key_file: no private key \(.*without a passphrase$/,
  ],
  [
    'the key of another',
    TLS.replace('server.key', 'client.key'),
    'web.yml:3:13: tls_server_config.key_file: not the key of this certificate; give the two that were made together',
  ],
  [
    'a certificate inside that is none',
    () => `tls_server_config:\n  cert: junk\n${inline('key', 'server.key')}`,
    /^web\.yml:2:9: tls_server_config\.cert: no certificate /,
  ],
  [
    'a version',
    `${TLS}  min_version: TLS14\n`,
    'web.yml:4:16: tls_server_config.min_version: expected a version: one of TLS10, TLS11, TLS12, TLS13; got "TLS14"',
  ],
  [
    'an empty version',
    `${TLS}  max_version: ""\n`,
    /^web\.yml:4:16: tls_server_config\.max_version: expected a version/,
  ],
  [
    'a cipher',
    `${TLS}  cipher_suites: [TLS_AES_128_GCM_SHA256, TLS_NULL]\n`,
    /^web\.yml:4:43: tls_server_config\.cipher_suites\[1\]: expected a cipher suite: one of .*; got "TLS_NULL"$/,
  ],
  ['a weak cipher', `${TLS}  cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]\n`, ANY],
  [
    'a cipher that is no list',
    `${TLS}  cipher_suites: TLS_AES_128_GCM_SHA256\n`,
    'web.yml:4:18: tls_server_config.cipher_suites: expected a list of cipher suites; got "TLS_AES_128_GCM_SHA256"',
  ],
  [
    'a curve',
    `${TLS}  curve_preferences: [secp256k1]\n`,
    /^web\.yml:4:23: tls_server_config\.curve_preferences\[0\]: expected a curve: one of CurveP256, /,
  ],
  [
    'a client policy',
    `${TLS}  client_auth_type: require\n`,
    /^web\.yml:4:21: tls_server_config\.client_auth_type: expected .*; got "require"$/,
  ],
  [
    'authorities and no policy',
    `${TLS}  client_ca_file: ca.pem\n`,
    'web.yml:4:19: tls_server_config.client_ca_file: is of no use while clients are not asked for a certificate; set client_auth_type: RequireAndVerifyClientCert',
  ],
  [
    'authorities that are not there',
    `${ASKED}  client_ca_file: none.pem\n`,
    'web.yml:5:19: tls_server_config.client_ca_file: none.pem cannot be read (no such file); give a readable PEM file',
  ],
  ['names that are no list', `${ASKED}  client_allowed_sans: a.example\n`, ANY],
  [
    'a preference',
    `${TLS}  prefer_server_cipher_suites: maybe\n`,
    'web.yml:4:32: tls_server_config.prefer_server_cipher_suites: expected true or false; got "maybe"',
  ],
  [
    'HTTP/2',
    'http_server_config: {http2: 2}',
    'web.yml:1:29: http_server_config.http2: expected true or false; got 2',
  ],
  [
    'a header',
    'http_server_config: {headers: {X-Powered-By: me}}',
    'web.yml:1:46: http_server_config.headers.X-Powered-By: this header cannot be set; those that can are Strict-Transport-Security, X-Content-Type-Options, X-Frame-Options, X-XSS-Protection, Content-Security-Policy',
  ],
  ['a header in lower case', 'http_server_config: {headers: {x-frame-options: deny}}', ANY],
  [
    'the value of a header',
    'http_server_config: {headers: {X-Frame-Options: allow}}',
    'web.yml:1:49: http_server_config.headers.X-Frame-Options: expected one of deny, sameorigin; got "allow"',
  ],
  ['sniffing', 'http_server_config: {headers: {X-Content-Type-Options: sniff}}', ANY],
  ['an empty value', 'http_server_config: {headers: {X-Content-Type-Options: }}', ANY],
  ['headers that are a list', 'http_server_config: {headers: [X-Frame-Options]}', ANY],
  [
    'a password in clear',
    'basic_auth_users: {alice: secret}',
    /^web\.yml:1:27: basic_auth_users\.alice: expected a bcrypt hash of a cost from 4 to 16, as `htpasswd .*; got "secret"$/,
  ],
  [
    'no password',
    'basic_auth_users: {alice: }',
    /^web\.yml:1:27: basic_auth_users\.alice: expected a bcrypt hash.*; got null$/,
  ],
  ['a cost out of range', `basic_auth_users: {alice: "${HASH.replace('$10', '$32')}"}`, ANY],
  ['a hash of another kind', `basic_auth_users: {alice: "${HASH.replace('$2y$10', '$6$rounds=5000')}"}`, ANY],
  ['a hash that is cut', `basic_auth_users: {alice: "${HASH.slice(0, 58)}"}`, ANY],
  [
    'users that are a list',
    `basic_auth_users: [alice]`,
    'web.yml:1:19: basic_auth_users: expected a mapping of users to bcrypt hashes; got ["alice"]',
  ],
  ['an alias of nothing', 'basic_auth_users: {alice: *hash}', ANY],
  [
    'a burst',
    'rate_limit: {burst: many, interval: 1s}',
    'web.yml:1:21: rate_limit.burst: expected a whole number; got "many"',
  ],
  [
    'an interval',
    'rate_limit: {burst: 1, interval: 1 second}',
    'web.yml:1:34: rate_limit.interval: expected a duration of Go, such as 500ms or 1m30s; got "1 second"',
  ],
  ['an interval without unit', 'rate_limit: {burst: 1, interval: "10"}', ANY],
]

/** What promtool accepts (that of Debian, or an older one) and the exporter refuses, since it cannot work. */
const REFUSED_HERE: readonly (readonly [string, string | (() => string), string | RegExp])[] = [
  [
    'no version between the two',
    `${TLS}  max_version: TLS11\n`,
    'web.yml:4:16: tls_server_config.max_version: no version is left from TLSv1.2 to TLSv1.1; raise max_version',
  ],
  [
    'authorities without a certificate',
    `${ASKED}  client_ca_file: junk.pem\n`,
    'web.yml:5:19: tls_server_config.client_ca_file: no certificate, or a damaged one; give those of the authorities as PEM',
  ],
  [
    'names of clients that are not asked',
    `${TLS}  client_allowed_sans: [a.example]\n`,
    'web.yml:4:24: tls_server_config.client_allowed_sans: needs the certificate of every client; set client_auth_type: RequireAndVerifyClientCert',
  ],
  ['ciphers without forward secrecy', `${TLS}  cipher_suites: [TLS_RSA_WITH_AES_128_GCM_SHA256]\n`, ANY],
  [
    'a header of two lines',
    'http_server_config: {headers: {Content-Security-Policy: "a\\nb"}}',
    /expected text that HTTP can carry/,
  ],
  [
    'a cost that takes long',
    `basic_auth_users: {alice: "${HASH.replace('$10', '$17')}"}`,
    /expected a bcrypt hash of a cost from 4 to 16, as /,
  ],
  ['two documents', '---\n---\n', ANY],
]

describe('promtool check web-config is the judge', () => {
  let compared = 0

  /** A key that this promtool is too old to know is no verdict. */
  async function judge(file: string): Promise<'accepts' | 'refuses' | 'unknown key'> {
    const said = await promtool(file)
    if (said === undefined) return 'accepts'
    return /field (?:cert|key|client_ca|client_allowed_sans|rate_limit) not found/.test(said)
      ? 'unknown key'
      : 'refuses'
  }

  test.each(ACCEPTED)('both accept %s', async (_, text) => {
    const file = write(typeof text === 'string' ? text : text())
    expect(await errorsOf(file)).toBeUndefined()
    const verdict = await judge(file)
    expect(verdict).not.toBe('refuses')
    if (verdict === 'accepts') compared++
  })

  test.each(REFUSED)('both refuse %s', async (_, text, message) => {
    const file = write(typeof text === 'string' ? text : text())
    expect(await errorsOf(file)).toEqual(
      typeof message === 'string' ? message : expect.stringMatching(message),
    )
    const verdict = await judge(file)
    expect(verdict).not.toBe('accepts')
    if (verdict === 'refuses') compared++
  })

  test('on forty files and more', () => {
    expect(compared).toBeGreaterThanOrEqual(70)
  })

  test.each(REFUSED_HERE)('refused although it may be accepted there: %s', async (_, text, message) => {
    const file = write(typeof text === 'string' ? text : text())
    expect(await errorsOf(file)).toEqual(
      typeof message === 'string' ? message : expect.stringMatching(message),
    )
  })
})

describe('a web configuration', () => {
  async function read(text: string): Promise<ReadWebConfig> {
    return readWebConfig(write(text))
  }

  test('is what OpenSSL and the server take', async () => {
    const text = `${ASKED}  client_ca_file: ca.pem
  client_allowed_sans: [a.example]
  min_version: TLS11
  max_version: TLS12
  cipher_suites: [TLS_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]
  prefer_server_cipher_suites: false
  curve_preferences: [CurveP384]
http_server_config:
  http2: false
  headers: {X-XSS-Protection: 0}
basic_auth_users: {alice: "${HASH}"}
rate_limit: {burst: 3, interval: 1m1.5s}
`
    expect(await read(text)).toEqual({
      ok: true,
      config: {
        tls: {
          secure: {
            cert: readFileSync(join(folder, 'server.pem'), 'utf8'),
            key: readFileSync(join(folder, 'server.key'), 'utf8'),
            ca: readFileSync(join(folder, 'ca.pem'), 'utf8'),
            minVersion: 'TLSv1.1',
            maxVersion: 'TLSv1.2',
            ciphers:
              'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0',
            honorCipherOrder: false,
            ecdhCurve: 'P-384',
          },
          clientAuth: 'RequireAndVerifyClientCert',
          clientNames: ['a.example'],
        },
        http2: false,
        headers: new Map([['X-XSS-Protection', '0']]),
        users: new Map([['alice', HASH]]),
        rateLimit: { burst: 3, intervalSeconds: 61.5 },
        exposedFiles: [],
      },
    })
  })

  test('that is empty is plain HTTP for everybody', async () => {
    expect(await read('')).toMatchObject({
      ok: true,
      config: { tls: undefined, http2: true, headers: new Map(), users: new Map(), rateLimit: undefined },
    })
  })

  test('that is not there', async () => {
    expect(await errorsOf(join(folder, 'none.yml'))).toBe(
      'none.yml: cannot be read (no such file); give the path of a readable YAML file',
    )
  })

  test('says which key every user may read', async () => {
    chmodSync(join(folder, 'server.key'), 0o644)
    expect(await read(TLS)).toMatchObject({ config: { exposedFiles: [join(folder, 'server.key')] } })
    chmodSync(join(folder, 'server.key'), 0o640)
    expect(await read(TLS)).toMatchObject({ config: { exposedFiles: [] } })
    chmodSync(join(folder, 'server.key'), 0o600)
    const inside = `tls_server_config:\n${inline('cert', 'server.pem')}${inline('key', 'server.key')}`
    const file = write(inside)
    chmodSync(file, 0o644)
    expect(await readWebConfig(file)).toMatchObject({ config: { exposedFiles: [file] } })
  })
})
