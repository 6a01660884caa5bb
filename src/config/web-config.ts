import type { SecureContextOptions } from 'node:tls'

/** What a web configuration file says: the format of the exporter-toolkit of Prometheus, with its defaults filled in. */
export interface WebConfig {
  /** Undefined: plain HTTP. */
  readonly tls: TlsConfig | undefined
  /** Whether TLS connections may use HTTP/2. */
  readonly http2: boolean
  /** Added to every answer, unless the answer has its own. */
  readonly headers: ReadonlyMap<string, string>
  /** Name → bcrypt hash of the password; empty: everybody may ask. */
  readonly users: ReadonlyMap<string, string>
  /** Of all requests together; undefined: no limit. */
  readonly rateLimit: { readonly burst: number; readonly intervalSeconds: number } | undefined
  /** Files with the private key that every user of the machine may read. */
  readonly exposedFiles: readonly string[]
}

export const CLIENT_AUTH_TYPES = [
  'NoClientCert',
  'RequestClientCert',
  'RequireAnyClientCert',
  'VerifyClientCertIfGiven',
  'RequireAndVerifyClientCert',
] as const
/** What is asked of clients, in Go's words. */
export type ClientAuthType = (typeof CLIENT_AUTH_TYPES)[number]

export interface TlsConfig {
  /** Certificate, key, authorities of clients, versions, ciphers and curves, as OpenSSL takes them. */
  readonly secure: SecureContextOptions
  readonly clientAuth: ClientAuthType
  /** Alternative names of which a client's certificate must have one; undefined: any name. */
  readonly clientNames: readonly string[] | undefined
}
