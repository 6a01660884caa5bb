import { DEFAULT_PORT } from '../config/config.js'

/** Address of an exporter that runs on this machine and was told no other port. */
export const DEFAULT_EXPORTER = `http://127.0.0.1:${DEFAULT_PORT}`

const ANSWER_MS = 5000

/** What an exporter answered, or why it did not, in one line. */
export type ExporterAnswer =
  | { readonly ok: true; readonly body: unknown }
  /** @property status Of HTTP, if it answered at all. */
  | { readonly ok: false; readonly status: number | undefined; readonly problem: string }

/** Asks an exporter for JSON. @param flag The flag that gives another address. */
export async function askExporter(url: string, flag: string): Promise<ExporterAnswer> {
  let response: Response
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) })
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error)
    const problem = `the exporter does not answer at ${url}: ${cause}; give its address with ${flag}`
    return { ok: false, status: undefined, problem }
  }
  const { status } = response
  if (!response.ok) return { ok: false, status, problem: `the exporter answered ${status} to ${url}` }
  const body: unknown = await response.json().catch(() => undefined)
  if (body !== undefined) return { ok: true, body }
  return { ok: false, status, problem: `what answers at ${url} is no amdahl_exporter of this version` }
}
