import { readdirSync, readFileSync } from 'node:fs'
import { familyOf } from '../bench/truth/observe.js'
import type { AnsweredEstimate } from '../bench/truth/row.js'
import type { Exporter } from '../e2e/support/exporter.js'
import { countersOf, exportedEstimate, parseExposition, type Scrape } from '../e2e/support/exposition.js'
import { sleep } from '../e2e/support/process.js'

/** Between two scrapes. Milliseconds. */
const PAUSE_MS = 250
/** A scrape that takes longer counts as lost. Milliseconds. */
const LIMIT_MS = 10_000

/** What was seen of an exporter while something was done to it. */
export interface Seen {
  scrapes: number
  lostScrapes: number
  slowestSeconds: number
  /** Counters that went back, by name and labels. */
  readonly backwards: Set<string>
  /** Each p that was given of the witness. */
  readonly estimates: AnsweredEstimate[]
  peakResidentBytes: number
  mostThreads: number
  mostDescriptors: number
}

/** Looks on until it is told to stop. */
export interface Watching {
  /** So far. */
  readonly seen: Seen
  stop(): Promise<Seen>
  /** What the counters said last. */
  counters(): ReadonlyMap<string, number>
}

/**
 * Scrapes an exporter four times a second.
 *
 * @param target The witness.
 * @param known What counters have said before, and must not go back behind.
 */
export function watch(
  exporter: Exporter,
  target: string,
  known: ReadonlyMap<string, number> = new Map(),
): Watching {
  const seen: Seen = {
    scrapes: 0,
    lostScrapes: 0,
    slowestSeconds: 0,
    backwards: new Set(),
    estimates: [],
    peakResidentBytes: 0,
    mostThreads: 0,
    mostDescriptors: 0,
  }
  let isWatching = true
  let counters = known

  async function look(): Promise<void> {
    lookAtProcess(exporter.child.pid, seen)
    const begin = performance.now()
    const scrape = await scrapeOf(exporter.url)
    seen.scrapes += 1
    seen.slowestSeconds = Math.max(seen.slowestSeconds, (performance.now() - begin) / 1000)
    if (!scrape) {
      seen.lostScrapes += 1
      return
    }
    const now = countersOf(scrape)
    for (const [key, value] of now) if (value < (counters.get(key) ?? 0)) seen.backwards.add(key)
    // Of the witness and of the exporter also those that are left out for a while; other targets may be forgotten.
    const own = [...counters].filter(([key]) => !key.includes('"target"') || key.includes(`"${target}"`))
    counters = new Map([...own, ...now])
    const estimate = estimateOf(scrape, target)
    if (estimate) seen.estimates.push(estimate)
  }

  const loop = (async () => {
    while (isWatching) {
      await look()
      await sleep(PAUSE_MS)
    }
  })()
  return {
    seen,
    async stop() {
      isWatching = false
      await loop
      return seen
    },
    counters: () => counters,
  }
}

/** By ownership; undefined where p is not given. */
export function estimateOf(scrape: Scrape, target: string): AnsweredEstimate | undefined {
  const { value, lower, upper } = exportedEstimate(scrape, target)
  return value === undefined ? undefined : { value, lower, upper }
}

export async function scrapeOf(url: string): Promise<Scrape | undefined> {
  try {
    const response = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(LIMIT_MS) })
    return response.status === 200 ? parseExposition(await response.text()) : undefined
  } catch {
    return undefined // refused, cut off, or too late: the scrape is lost
  }
}

function lookAtProcess(pid: number, seen: Seen): void {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const field = (name: string) => Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(status)?.[1] ?? 0)
    seen.peakResidentBytes = Math.max(seen.peakResidentBytes, field('VmHWM') * 1024)
    seen.mostThreads = Math.max(seen.mostThreads, field('Threads'))
    seen.mostDescriptors = Math.max(seen.mostDescriptors, readdirSync(`/proc/${pid}/fd`).length)
  } catch {
    // It has ended: the scrapes say so.
  }
}

/** Processes below one, itself left out. */
export function descendantsOf(pid: number): readonly number[] {
  return familyOf(pid).slice(1)
}

export function findTracer(exporterPid: number): number | undefined {
  return descendantsOf(exporterPid).find((pid) => commandOf(pid) === 'bpftrace')
}

export function commandOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
  } catch {
    return undefined
  }
}
