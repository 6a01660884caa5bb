import { z } from 'zod'
import { expected, flag, mapping, parsed, section } from './field.js'
import { type ParsedSettings, parseWith } from './settings.js'
import { CIPHERS, CURVES, TLS_VERSIONS } from './tls-names.js'
import { CLIENT_AUTH_TYPES, type ClientAuthType } from './web-config.js'

/** Headers that may be set, and to what; undefined: to anything. */
const HEADERS: Readonly<Record<string, readonly string[] | undefined>> = {
  'Strict-Transport-Security': undefined,
  'X-Content-Type-Options': ['nosniff'],
  'X-Frame-Options': ['deny', 'sameorigin'],
  'X-XSS-Protection': undefined,
  'Content-Security-Policy': undefined,
}

/** Of Go's time.ParseDuration. */
const SECONDS_PER_UNIT: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
}
const GO_DURATION = /^[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/

/** A scalar as text, as Go reads 0 or true where it wants text; nothing is the empty text. */
const text = z
  .union([z.string(), z.number(), z.boolean(), z.bigint(), z.null()], expected('text'))
  .transform((value) => (value === null ? '' : String(value)))
  .optional()

function nameIn<T>(what: string, names: Readonly<Record<string, T>>) {
  const list = Object.keys(names).join(', ')
  return parsed(`${what}: one of ${list}`, (name) =>
    Object.hasOwn(names, name) ? { name } : undefined,
  ).transform(({ name }) => names[name] as T)
}

function list<T extends z.ZodType>(what: string, item: T) {
  return z.array(item, expected(`a list of ${what}`)).nullish()
}

/** @returns seconds; a bare number is nanoseconds, as in Go. */
function parseGoDuration(value: string | number): number | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? value / 1e9 : undefined
  if (value === '0') return 0
  if (!GO_DURATION.test(value)) return undefined
  const parts = value.matchAll(/([\d.]+)([^\d.]+)/g)
  const seconds = [...parts].reduce((sum, [, count, unit = '']) => {
    return sum + Number(count) * (SECONDS_PER_UNIT[unit] ?? Number.NaN)
  }, 0)
  return value.startsWith('-') ? -seconds : seconds
}

const wrongDuration = expected('a duration of Go, such as 500ms or 1m30s')
const goDuration = z.union([z.string(), z.number()], wrongDuration).transform((input, context): number => {
  const seconds = parseGoDuration(input)
  if (seconds !== undefined) return seconds
  context.addIssue({ code: 'custom', input, message: wrongDuration.error({ input }) })
  return z.NEVER
})

/** A comparison takes about 60 ms at cost 10 and twice as long for each more: at 16 some seconds, in Go too. */
const MAX_COST = 16

/** As golang.org/x/crypto/bcrypt reads it before it compares, but for the cost, which it takes up to 31. */
const bcryptHash = parsed(
  `a bcrypt hash of a cost from 4 to ${MAX_COST}, as \`htpasswd -nBC 10 "" | tr -d ":\\n"\` makes it`,
  (hash) => {
    const cost = Number(/^\$2[^$]?\$(\d\d)\$/.exec(hash)?.[1])
    return hash.length >= 59 && cost >= 4 && cost <= MAX_COST ? hash : undefined
  },
)

const headers = z
  .record(z.string(), text, expected('a mapping of headers to their values'))
  .superRefine((given, context) => {
    for (const [name, value = ''] of Object.entries(given)) {
      const allowed = Object.hasOwn(HEADERS, name) ? (HEADERS[name] ?? [value]) : undefined
      const message =
        allowed === undefined
          ? `this header cannot be set; those that can are ${Object.keys(HEADERS).join(', ')}`
          : allowed.includes(value)
            ? /[^\t\x20-\x7e\x80-\xff]/.test(value) && 'expected text that HTTP can carry, in one line'
            : `expected one of ${allowed.join(', ')}; got ${JSON.stringify(value)}`
      if (message) context.addIssue({ code: 'custom', path: [name], input: value, message })
    }
  })
  .nullish()

const shapes = {
  tls_server_config: {
    cert: text,
    key: text,
    client_ca: text,
    cert_file: text,
    key_file: text,
    client_auth_type: nameIn<ClientAuthType | undefined>('what is asked of clients', {
      ...Object.fromEntries(CLIENT_AUTH_TYPES.map((type) => [type, type])),
      // Its name in the first versions of the toolkit.
      RequireClientCert: 'RequireAnyClientCert',
      '': undefined,
    }).nullish(),
    client_ca_file: text,
    cipher_suites: list('cipher suites', nameIn('a cipher suite', CIPHERS)),
    curve_preferences: list('curves', nameIn('a curve', CURVES)),
    min_version: nameIn('a version', TLS_VERSIONS).nullish(),
    max_version: nameIn('a version', TLS_VERSIONS).nullish(),
    prefer_server_cipher_suites: flag().nullish(),
    client_allowed_sans: list('alternative names', text),
  },
  http_server_config: { http2: flag().nullish(), headers },
  rate_limit: {
    burst: z.int(expected('a whole number')).nullish(),
    interval: goDuration.nullish(),
  },
}

const schema = mapping({
  tls_server_config: section(shapes.tls_server_config),
  http_server_config: section(shapes.http_server_config),
  rate_limit: section(shapes.rate_limit),
  basic_auth_users: z
    .record(z.string(), bcryptHash, expected('a mapping of users to bcrypt hashes'))
    .nullish(),
}).nullish()

/** What the file sets, checked value by value. Keys as in the file. */
export type WebSettings = NonNullable<z.output<typeof schema>>
export type TlsSettings = NonNullable<WebSettings['tls_server_config']>

/** Checks what a web configuration file says, but for the files that it names. Never throws. */
export function parseWebSettings(raw: unknown): ParsedSettings<WebSettings> {
  return parseWith(schema, raw, ([name]) =>
    Object.keys(Object.entries(shapes).find(([key]) => key === name)?.[1] ?? schema.unwrap().unwrap().shape),
  )
}
