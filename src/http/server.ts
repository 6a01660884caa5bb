import type { Server } from 'node:http'
import {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
} from 'fastify'
import type { StatusView } from '../metrics/status.js'
import { type ApiOptions, addApiRoutes } from './api-routes.js'
import { addDocumentationRoutes } from './documentation.js'
import { addHealthRoutes } from './health-routes.js'
import { renderLandingPage } from './landing-page.js'
import { addLifecycleRoutes, type Reloaded } from './lifecycle-routes.js'
import { type Address, boundAddress, closeListeners, openListeners } from './listeners.js'
import { addMetricsRoute, type MetricsView } from './metrics-route.js'
import { CONTENT_SECURITY_POLICY } from './page.js'
import { learnServedPaths } from './served-paths.js'

export interface HttpServerOptions extends ApiOptions {
  readonly telemetryPath: string
  readonly metrics: MetricsView
  readonly status: () => StatusView
  /** Reads the configuration again; undefined: POST /-/reload is off. */
  readonly reload: (() => Promise<Reloaded>) | undefined
}

export interface HttpServer {
  /** Once: accepts connections on all of `addresses`; rejects with one clear line if one of them cannot be had. */
  listen(addresses: readonly Address[]): Promise<void>
  close(): Promise<void>
  /** Addresses it listens on, as `127.0.0.1:10967`. */
  addresses(): readonly string[]
}

/** What the rate limit throws has its words in `error`. */
type RequestError = FastifyError & { readonly error?: string }

export function createHttpServer(options: HttpServerOptions): HttpServer {
  const app = createRouter(options)
  let listeners: readonly Server[] = []
  return {
    async listen(addresses) {
      await addRoutes(app, options)
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

/** What holds for every request, whatever its route. */
function createRouter({ logger }: HttpServerOptions): FastifyInstance {
  const app = fastify({
    logger: false,
    routerOptions: { maxParamLength: 1024 },
    frameworkErrors: (_: FastifyError, __: FastifyRequest, reply: FastifyReply) => {
      sendText(reply.code(400), 'Bad request: the path cannot be decoded')
    },
  })
  const served = learnServedPaths(app)
  app.addHook('onRequest', async ({ method, url }, reply) => {
    reply.header('x-content-type-options', 'nosniff')
    const path = url.split('?')[0] ?? ''
    const allowed = served.methodsOf(path)
    if (allowed.includes(method)) return
    reply.code(405).header('allow', allowed.join(', '))
    return sendError(reply, path, `Method not allowed: use ${allowed.join(' or ')}`)
  })
  app.setNotFoundHandler(({ url }, reply) =>
    sendError(reply.code(404), url, `Not found: there are ${served.list().join(' ')}`),
  )
  app.setErrorHandler<RequestError>((error, { url }, reply) => {
    const code = error.statusCode ?? 500
    if (code >= 400 && code < 500) return sendError(reply.code(code), url, error.error ?? error.message)
    logger.error({ path: url, err: error }, 'request failed')
    return sendError(reply.code(500), url, 'Internal error: the reason is in the log of amdahl_exporter')
  })
  return app
}

async function addRoutes(app: FastifyInstance, options: HttpServerOptions): Promise<void> {
  const { telemetryPath, metrics, status, targets } = options
  app.get('/', async (_, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', CONTENT_SECURITY_POLICY)
      .send(renderLandingPage(status(), targets(), telemetryPath)),
  )
  addMetricsRoute(app, telemetryPath, metrics)
  addHealthRoutes(app, status)
  addLifecycleRoutes(app, options.reload)
  await addApiRoutes(app, options)
  addDocumentationRoutes(app)
}

/** Errors are JSON in the API, and text elsewhere. */
function sendError(reply: FastifyReply, path: string, message: string): FastifyReply {
  return path.startsWith('/api/') ? reply.send({ error: message }) : sendText(reply, message)
}

function sendText(reply: FastifyReply, message: string): FastifyReply {
  return reply.type('text/plain; charset=utf-8').send(`${message}\n`)
}
