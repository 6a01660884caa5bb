import type { FastifyInstance } from 'fastify'
import type { Format } from '../metrics/exposition.js'
import { negotiateFormat } from './accept.js'
import { type RequestLimit, TOO_MANY_REQUESTS } from './request-limit.js'
import { sendError } from './send-error.js'

export interface MetricsView {
  render(format: Format): Promise<{ readonly contentType: string; readonly body: string }>
}

interface Rendered {
  readonly contentType: string
  readonly body: Buffer
}

/** Scrapes that ask at the same moment share one rendering, and are one request for the limit. */
export function addMetricsRoute(
  app: FastifyInstance,
  path: string,
  metrics: MetricsView,
  limit: RequestLimit,
): void {
  const render = shareRendering(metrics, limit)
  app.get(path, { config: { isLimited: true } }, async ({ headers, url }, reply) => {
    const rendered = await render(negotiateFormat(headers.accept))
    if (rendered === undefined) {
      return sendError(reply.code(503).header('retry-after', 1), url, TOO_MANY_REQUESTS)
    }
    return reply.type(rendered.contentType).header('vary', 'Accept').send(rendered.body)
  })
}

/** So long a scrape may wait for the next rendering. Milliseconds. */
const MAX_PAUSE_MS = 100

/**
 * A rendering begins when all that came in the same turn of the event loop has asked, and after a pause as long as the
 * one before took: scrapes that come without an end take half of the time, and share what they get.
 *
 * @returns undefined: the limit is reached.
 */
function shareRendering(metrics: MetricsView, limit: RequestLimit) {
  const asked = new Map<Format, Promise<Rendered | undefined>>()
  let nextMs = 0

  async function render(format: Format): Promise<Rendered | undefined> {
    await pause(nextMs - performance.now())
    asked.delete(format)
    if (!limit.enter()) return undefined
    const beginMs = performance.now()
    try {
      const { contentType, body } = await metrics.render(format)
      return { contentType, body: Buffer.from(body) }
    } finally {
      limit.leave()
      const endMs = performance.now()
      nextMs = endMs + Math.min(endMs - beginMs, MAX_PAUSE_MS)
    }
  }

  return (format: Format) => {
    const rendered = asked.get(format) ?? render(format)
    asked.set(format, rendered)
    return rendered
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    if (ms >= 1) setTimeout(resolve, ms)
    else setImmediate(resolve)
  })
}
