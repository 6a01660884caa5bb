import type { Server } from 'node:http'
import {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
} from 'fastify'
import type { Logger } from '../log/logger.js'
import type { StatusView } from '../metrics/status.js'
import { addHealthRoutes } from './health-routes.js'
import { CONTENT_SECURITY_POLICY, renderLandingPage } from './landing-page.js'
import { type Address, boundAddress, closeListeners, openListeners } from './listeners.js'
import { addMetricsRoute, type MetricsView } from './metrics-route.js'

export interface HttpServerOptions {
  readonly logger: Logger
  readonly telemetryPath: string
  readonly metrics: MetricsView
  readonly status: () => StatusView
}

export interface HttpServer {
  /** Once: accepts connections on all of `addresses`; rejects with one clear line if one of them cannot be had. */
  listen(addresses: readonly Address[]): Promise<void>
  close(): Promise<void>
  /** Addresses it listens on, as `127.0.0.1:10967`. */
  addresses(): readonly string[]
}

export function createHttpServer(options: HttpServerOptions): HttpServer {
  const app = createRoutes(options)
  let listeners: readonly Server[] = []
  return {
    async listen(addresses) {
      await app.ready()
      listeners = await openListeners(addresses, app.routing)
    },
    async close() {
      await closeListeners(listeners)
      listeners = []
      await app.close()
    },
    addresses: () => listeners.map(boundAddress),
  }
}

function createRoutes({ logger, telemetryPath, metrics, status }: HttpServerOptions): FastifyInstance {
  const app = fastify({
    logger: false,
    frameworkErrors: (_: FastifyError, __: FastifyRequest, reply: FastifyReply) => {
      reply.code(400).type('text/plain; charset=utf-8').send('Bad request: the path cannot be decoded\n')
    },
  })
  app.addHook('onRequest', async ({ method }, reply) => {
    reply.header('x-content-type-options', 'nosniff')
    if (method !== 'GET' && method !== 'HEAD') {
      return reply
        .code(405)
        .header('allow', 'GET, HEAD')
        .type('text/plain; charset=utf-8')
        .send('Method not allowed: use GET or HEAD\n')
    }
  })
  app.setNotFoundHandler((_, reply) =>
    reply
      .code(404)
      .type('text/plain; charset=utf-8')
      .send(`Not found: there are / ${telemetryPath} /-/healthy and /-/ready\n`),
  )
  app.setErrorHandler((error, request, reply) => {
    logger.error({ path: request.url, err: error }, 'request failed')
    return reply
      .code(500)
      .type('text/plain; charset=utf-8')
      .send('Internal error: the reason is in the log of amdahl_exporter\n')
  })
  app.get('/', async (_, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', CONTENT_SECURITY_POLICY)
      .send(renderLandingPage(status(), telemetryPath)),
  )
  addHealthRoutes(app, status)
  addMetricsRoute(app, telemetryPath, metrics)
  return app
}
