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

/** TLS as OpenSSL takes it, with the text of the files in place of their names. */
export interface TlsConfig {
  /** PEM. */
  readonly certificate: string
  /** PEM. */
  readonly key: string
  readonly clientAuth: ClientAuthType
  /** PEM; undefined: the authorities that Node.js knows. */
  readonly clientAuthorities: string | undefined
  /** Alternative names of which a client's certificate must have one; undefined: any name. */
  readonly clientNames: readonly string[] | undefined
  readonly minVersion: TlsVersion
  readonly maxVersion: TlsVersion
  /** Names of OpenSSL, for TLS 1.2 and older; undefined: its own choice. */
  readonly ciphers: readonly string[] | undefined
  readonly prefersOwnCiphers: boolean
  /** Names of OpenSSL; undefined: its own choice. */
  readonly curves: readonly string[] | undefined
}

export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'
