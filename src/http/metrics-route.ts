import type { FastifyInstance } from 'fastify'
import type { Format } from '../metrics/exposition.js'
import { negotiateFormat } from './accept.js'

export interface MetricsView {
  /**
   * @param deadlineMs Time the scraper waits for. A collector that would take longer is left out.
   */
  render(format: Format, deadlineMs: number): Promise<{ readonly contentType: string; readonly body: string }>
}

/** Prometheus' own default scrape_timeout, for a scraper that does not name its own. */
const DEFAULT_TIMEOUT_SECONDS = 10
/** Kept back from the scraper's timeout for the way there and back; the blackbox exporter keeps as much. */
const RESERVE_SECONDS = 0.5
/** A scraper that claims to be more patient is not believed. */
const MAX_TIMEOUT_SECONDS = 120

export function addMetricsRoute(app: FastifyInstance, path: string, metrics: MetricsView): void {
  app.get(path, async ({ headers }, reply) => {
    const format = negotiateFormat(headers.accept)
    const timeout = headers['x-prometheus-scrape-timeout-seconds']
    const { contentType, body } = await metrics.render(format, deadlineMs(timeout))
    return reply.type(contentType).header('vary', 'Accept').send(body)
  })
}

/** Milliseconds left of X-Prometheus-Scrape-Timeout-Seconds; at least half of a short one. */
export function deadlineMs(timeoutHeader: string | string[] | undefined): number {
  const claimed = Number(timeoutHeader)
  const timeoutSeconds = claimed > 0 ? Math.min(claimed, MAX_TIMEOUT_SECONDS) : DEFAULT_TIMEOUT_SECONDS
  return 1000 * Math.max(timeoutSeconds - RESERVE_SECONDS, timeoutSeconds / 2)
}
