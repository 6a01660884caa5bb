import querystring from 'node:querystring'
import { DEFAULT_PORT } from '../config/config.js'

/** Address of an exporter that runs on this machine and was told no other port. */
export const DEFAULT_EXPORTER = `http://127.0.0.1:${DEFAULT_PORT}`

const ANSWER_MS = 5000

/** What an exporter answered, or why it did not, in one line. */
export type ExporterAnswer =
  | { readonly ok: true; readonly body: unknown }
  /** @property status Of HTTP, if it answered at all. */
  | { readonly ok: false; readonly status: number | undefined; readonly problem: string }

/** Asks an exporter for JSON; name and password of a user may stand in the address. @param flag The flag that gives another address. */
export async function askExporter(address: string, flag: string): Promise<ExporterAnswer> {
  const { url, headers } = takeCredentials(address)
  let response: Response
  try {
    response = await fetch(url, { headers, signal: AbortSignal.timeout(ANSWER_MS) })
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : undefined
    const said = cause === undefined ? String(error) : cause.message
    const problem = `the exporter does not answer at ${url}: ${said}; ${remedyFor(cause, flag)}`
    return { ok: false, status: undefined, problem }
  }
  const { status } = response
  if (status === 401) {
    const problem = `the exporter at ${url} wants a user; give one as ${flag}=http://NAME:PASSWORD@HOST:PORT`
    return { ok: false, status, problem }
  }
  if (!response.ok) return { ok: false, status, problem: `the exporter answered ${status} to ${url}` }
  const body: unknown = await response.json().catch(() => undefined)
  if (body !== undefined) return { ok: true, body }
  return { ok: false, status, problem: `what answers at ${url} is no amdahl_exporter of this version` }
}

/** fetch takes no credentials in an address. */
function takeCredentials(address: string) {
  if (!URL.canParse(address)) return { url: address, headers: {} }
  const url = new URL(address)
  const [name, password] = [url.username, url.password].map(querystring.unescape)
  url.username = ''
  url.password = ''
  const encoded = Buffer.from(`${name}:${password}`).toString('base64')
  return name === ''
    ? { url: address, headers: {} }
    : { url: url.href, headers: { authorization: `Basic ${encoded}` } }
}

/** Codes of OpenSSL for a certificate that is signed by nobody known. */
const UNKNOWN_AUTHORITY = /^(?:SELF_SIGNED|DEPTH_ZERO_SELF|UNABLE_TO_)/

function remedyFor(cause: NodeJS.ErrnoException | undefined, flag: string): string {
  return UNKNOWN_AUTHORITY.test(cause?.code ?? '')
    ? 'give the certificate of its authority: NODE_EXTRA_CA_CERTS=FILE'
    : `give its address with ${flag}`
}
