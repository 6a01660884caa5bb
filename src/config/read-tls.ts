import { createPrivateKey, X509Certificate } from 'node:crypto'
import { resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import type { SmallFile } from '../small-file.js'
import type { ReadFile } from './read-web-config.js'
import type { SettingsIssue } from './settings.js'
import type { TlsConfig } from './web-config.js'
import type { TlsSettings } from './web-settings.js'

export type ReadTls =
  | {
      readonly ok: true
      /** Undefined: plain HTTP. */
      readonly config: TlsConfig | undefined
      /** Files with the key that every user may read. */
      readonly exposedFiles: readonly string[]
    }
  | { readonly ok: false; readonly issues: readonly SettingsIssue[] }

type Key = keyof TlsSettings

/** Certificate and key, or where they are, and those of the authorities of clients. */
const SOURCES = [
  ['cert', 'cert_file'],
  ['key', 'key_file'],
  ['client_ca', 'client_ca_file'],
] as const

/** Cannot be chosen, in Go either; Node.js takes them from the same list. */
const TLS_1_3_CIPHERS = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256']
/** With forward secrecy, as Go's. */
const TLS_1_2_CIPHERS = ['ECDHE+AESGCM', 'ECDHE+CHACHA20', 'ECDHE+AES']

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** Reads the files of `tls_server_config`, whose paths begin at `folder`. Never throws. */
export async function readTls(given: TlsSettings, folder: string, readFile: ReadFile): Promise<ReadTls> {
  if (!SOURCES.flat().some((setting) => given[setting]) && !given.client_auth_type) {
    return { ok: true, config: undefined, exposedFiles: [] }
  }
  const [certificate, key, authorities] = await Promise.all(
    SOURCES.map(async ([inline, setting]): Promise<SmallFile | undefined> => {
      const [name, text] = [given[setting], given[inline]]
      if (name) return readFile(resolve(folder, name))
      return text ? { text, isReadableByAll: false } : undefined
    }),
  )
  const unread = [certificate, key, authorities].flatMap((read, index) => {
    const [inline, setting] = SOURCES[index] ?? SOURCES[0]
    if (read === undefined) {
      const isNeeded = setting !== 'client_ca_file'
      return isNeeded
        ? [issue(undefined, `${setting} is missing; give a PEM file, or its text as ${inline}`)]
        : []
    }
    if (!('problem' in read)) return []
    return [issue(setting, `${given[setting]} cannot be read (${read.problem}); give a readable PEM file`)]
  })
  const issues = [...unread, ...findContradictions(given)]
  if (issues.length > 0 || !certificate || !key) return { ok: false, issues }
  const config = toTlsConfig(given, textOf(certificate), textOf(key), authorities && textOf(authorities))
  const wrong = checkPem(given, config)
  if (wrong) return { ok: false, issues: [wrong] }
  const isExposed = 'text' in key && key.isReadableByAll
  return { ok: true, config, exposedFiles: isExposed ? [resolve(folder, given.key_file ?? '')] : [] }
}

function issue(setting: Key | undefined, message: string): SettingsIssue {
  const path = ['tls_server_config', ...(setting === undefined ? [] : [setting])]
  return { path, isUnknownKey: false, message }
}

function textOf(file: SmallFile): string {
  return 'text' in file ? file.text : ''
}

/** Settings that are right by themselves, and not together. */
function findContradictions(given: TlsSettings): SettingsIssue[] {
  const issues: SettingsIssue[] = []
  const auth = given.client_auth_type ?? 'NoClientCert'
  const remedy = 'set client_auth_type: RequireAndVerifyClientCert'
  const authorities = given.client_ca_file ? 'client_ca_file' : 'client_ca'
  if (given[authorities] && auth === 'NoClientCert') {
    issues.push(issue(authorities, `is of no use while clients are not asked for a certificate; ${remedy}`))
  }
  if (given.client_allowed_sans && !auth.startsWith('Require')) {
    issues.push(issue('client_allowed_sans', `needs the certificate of every client; ${remedy}`))
  }
  const [least, most] = [given.min_version ?? 'TLSv1.2', given.max_version ?? 'TLSv1.3']
  if (least > most) {
    const setting = given.max_version ? 'max_version' : 'min_version'
    issues.push(issue(setting, `no version is left from ${least} to ${most}; raise max_version`))
  }
  return issues
}

function toTlsConfig(
  given: TlsSettings,
  certificate: string,
  key: string,
  clientAuthorities: string | undefined,
): TlsConfig {
  const least = given.min_version ?? 'TLSv1.2'
  const ciphers = [...TLS_1_3_CIPHERS, ...(listed(given.cipher_suites) ?? TLS_1_2_CIPHERS)]
  // OpenSSL 3 has no cipher for TLS 1.0 and 1.1 above level 0: SSL_CTX_set_security_level(3).
  if (least < 'TLSv1.2') ciphers.push('@SECLEVEL=0')
  return {
    secure: {
      cert: certificate,
      key,
      ca: clientAuthorities,
      minVersion: least,
      maxVersion: given.max_version ?? 'TLSv1.3',
      ciphers: ciphers.join(':'),
      honorCipherOrder: given.prefer_server_cipher_suites ?? true,
      ecdhCurve: listed(given.curve_preferences)?.join(':') ?? 'auto',
    },
    clientAuth: given.client_auth_type ?? 'NoClientCert',
    clientNames: given.client_allowed_sans?.map((name) => name ?? ''),
  }
}

/** An empty list chooses nothing, as in Go. */
function listed(names: readonly (string | undefined)[] | null | undefined): readonly string[] | undefined {
  return names && names.length > 0 ? names.filter((name) => name !== undefined) : undefined
}

/** Each part by itself, since OpenSSL does not say which of them it refuses. */
function checkPem(given: TlsSettings, { secure }: TlsConfig): SettingsIssue | undefined {
  const keySetting = given.key_file ? 'key_file' : 'key'
  const leaf = attempt(() => new X509Certificate(String(secure.cert).match(CERTIFICATE)?.[0] ?? ''))
  if ('problem' in leaf) {
    return issue(given.cert_file ? 'cert_file' : 'cert', `no certificate (${leaf.problem}); give one as PEM`)
  }
  const key = attempt(() => createPrivateKey(String(secure.key)))
  if ('problem' in key) {
    return issue(keySetting, `no private key (${key.problem}); give one as PEM, without a passphrase`)
  }
  if (!leaf.value.checkPrivateKey(key.value)) {
    return issue(keySetting, 'not the key of this certificate; give the two that were made together')
  }
  if (secure.ca !== undefined && !hasCertificates(String(secure.ca))) {
    const setting = given.client_ca_file ? 'client_ca_file' : 'client_ca'
    return issue(setting, 'no certificate, or a damaged one; give those of the authorities as PEM')
  }
  const context = attempt(() => createSecureContext(secure))
  return 'problem' in context ? issue(undefined, `refused by OpenSSL: ${context.problem}`) : undefined
}

function hasCertificates(pem: string): boolean {
  const found = pem.match(CERTIFICATE) ?? []
  return found.length > 0 && found.every((one) => 'value' in attempt(() => new X509Certificate(one)))
}

function attempt<T>(make: () => T): { readonly value: T } | { readonly problem: string } {
  try {
    return { value: make() }
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) }
  }
}
