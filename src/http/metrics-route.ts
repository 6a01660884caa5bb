import type { FastifyInstance } from 'fastify'
import type { Format } from '../metrics/exposition.js'
import { negotiateFormat } from './accept.js'

export interface MetricsView {
  render(format: Format): Promise<{ readonly contentType: string; readonly body: string }>
}

export function addMetricsRoute(app: FastifyInstance, path: string, metrics: MetricsView): void {
  app.get(path, async ({ headers }, reply) => {
    const { contentType, body } = await metrics.render(negotiateFormat(headers.accept))
    return reply.type(contentType).header('vary', 'Accept').send(body)
  })
}
