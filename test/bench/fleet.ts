import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CATALOGUE } from '../../src/metrics/catalogue.js'
import type { Scrape } from '../e2e/support/exposition.js'

const COUNTERS: ReadonlySet<string> = new Set(
  Object.values(CATALOGUE)
    .filter(({ type }) => type === 'counter')
    .map(({ name }) => name),
)
/** Times and flags stay as they are; all else varies by a hundredth, so that it does not compress better than real. */
const FIXED = /_timestamp_seconds$|_info$|_verdict$|_regime$|_unavailable$|_cpus$/
const NOISE = 0.01

interface Line {
  readonly text: string
  readonly isCounter: boolean
  readonly isFixed: boolean
  readonly value: number
}

/** Many exporters in one process: each a listener of its own that says what one real exporter said of one target. */
export interface Fleet {
  /** As 127.0.0.1:40001, one per exporter. */
  readonly addresses: readonly string[]
  readonly targets: readonly string[]
  readonly seriesOfOne: number
  close(): void
}

/**
 * @param scrape What the real exporter said after `uptimeSeconds`.
 * @param model The target that stands for all of them.
 */
export async function startFleet(
  scrape: Scrape,
  model: string,
  uptimeSeconds: number,
  exporters: number,
  targetsOfOne: number,
): Promise<Fleet> {
  const begin = performance.now()
  const targets = Array.from({ length: targetsOfOne }, (_, i) => `service-${String(i).padStart(2, '0')}`)
  const lines: Line[] = []
  for (const { name, labels, value } of scrape.samples) {
    const isOfModel = labels.target === model
    if (labels.target !== undefined && !isOfModel) continue
    for (const target of isOfModel ? targets : ['']) {
      const all = isOfModel ? { ...labels, target } : labels
      const text = Object.entries(all).map(([key, text]) => `${key}="${text}"`)
      lines.push({
        text: `${name}{${text.join(',')}} `,
        isCounter: COUNTERS.has(name),
        isFixed: FIXED.test(name),
        value,
      })
    }
  }

  function render(phase: number): string {
    const growth = 1 + (performance.now() - begin) / 1000 / uptimeSeconds + phase
    const now = ({ isCounter, isFixed, value }: Line) => {
      if (isCounter) return value * growth
      return isFixed ? value : value * (1 + NOISE * (Math.random() - 0.5))
    }
    return `${lines.map((line) => line.text + now(line)).join('\n')}\n`
  }

  const servers: Server[] = []
  for (let i = 0; i < exporters; i += 1) {
    const server = createServer((_, response) => {
      response.setHeader('content-type', 'text/plain; version=0.0.4').end(render(i / exporters))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    servers.push(server)
  }
  return {
    addresses: servers.map((server) => `127.0.0.1:${(server.address() as AddressInfo).port}`),
    targets,
    seriesOfOne: lines.length,
    close() {
      for (const server of servers) {
        server.closeAllConnections()
        server.close()
      }
    },
  }
}
