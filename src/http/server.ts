import type { RequestListener } from 'node:http'
import type { Server } from 'node:net'
import rateLimit from '@fastify/rate-limit'
import {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
} from 'fastify'
import type { Logger } from '../log/logger.js'
import type { StatusView } from '../metrics/status.js'
import { type CurrentWebConfig, controlAccess, type WhoAsks } from './access.js'
import { type ApiOptions, addApiRoutes } from './api-routes.js'
import { refuseOtherSites } from './browser.js'
import { compressAnswers } from './compression.js'
import { createConnections } from './connections.js'
import { createCredentials } from './credentials.js'
import { addDocumentationRoutes } from './documentation.js'
import { addHealthRoutes } from './health-routes.js'
import { createKnownHosts } from './known-host.js'
import { renderLandingPage } from './landing-page.js'
import { addLifecycleRoutes, type Reloaded } from './lifecycle-routes.js'
import { type Address, boundAddress, closeListeners, type OpenSocket, openListeners } from './listeners.js'
import { addMetricsRoute, type MetricsView } from './metrics-route.js'
import { oneAtATime } from './one-at-a-time.js'
import { CONTENT_SECURITY_POLICY } from './page.js'
import { createPlainProtocol, createTlsProtocols, type Protocols } from './protocols.js'
import { createRequestLimit, limitRequests, type RequestLimit } from './request-limit.js'
import { sendError, sendText } from './send-error.js'
import { learnServedPaths } from './served-paths.js'
import { createTokenCheck } from './token.js'

export interface HttpServerOptions extends ApiOptions {
  readonly logger: Logger
  readonly telemetryPath: string
  readonly metrics: MetricsView
  readonly status: () => StatusView
  /** Reads the configuration again; undefined: POST /-/reload is off. */
  readonly reload: (() => Promise<Reloaded>) | undefined
  /** File with the token for what changes something; undefined: there is none. */
  readonly tokenFile: string | undefined
  /** Requests that are worked on at a time; 0: any number. */
  readonly maxRequests: number
  /** Names of this machine, and those it listens on. */
  readonly hostNames: readonly string[]
  /** TLS, users and headers; undefined: plain HTTP for everybody. */
  readonly webConfig: { readonly current: CurrentWebConfig; readonly isTls: boolean } | undefined
}

export interface HttpServer {
  /** Once: accepts connections at all of `places`; rejects with one clear line if one of them cannot be had. */
  listen(places: readonly (Address | OpenSocket)[]): Promise<void>
  close(): Promise<void>
  /** Addresses it listens on, as `127.0.0.1:10967`. */
  addresses(): readonly string[]
}

/** What the rate limit throws has its words in `error`. */
type RequestError = FastifyError & { readonly error?: string }

/** Addresses whose requests are counted. */
const MAX_ADDRESSES = 1000

export function createHttpServer(options: HttpServerOptions): HttpServer {
  const limit = createRequestLimit(options.maxRequests)
  const { app, whoAsks } = createRouter(options, limit)
  const connections = createConnections()
  const protocols = createProtocols(
    oneAtATime((request, response) => {
      connections.touch(request.socket)
      app.routing(request, response)
    }),
    options,
  )
  let listeners: readonly Server[] = []
  /** Why no connection could be accepted; undefined since one was. */
  let failure: string | undefined
  return {
    async listen(places) {
      await addRoutes(app, options, limit, whoAsks)
      await app.ready()
      listeners = await openListeners(places, {
        accept(socket) {
          failure = undefined
          connections.add(socket)
          protocols.take(socket)
        },
        fail({ message }) {
          if (message !== failure) options.logger.error({ err: message }, 'connections cannot be accepted')
          failure = message
        },
      })
    },
    async close() {
      protocols.close()
      await closeListeners(listeners, connections.closeAll)
      listeners = []
      await app.close()
    },
    addresses: () => listeners.map(boundAddress),
  }
}

function createProtocols(handler: RequestListener, { webConfig, logger }: HttpServerOptions): Protocols {
  return webConfig?.isTls
    ? createTlsProtocols(handler, webConfig.current, logger)
    : createPlainProtocol(handler)
}

/** What holds for every request, whatever its route. */
function createRouter(
  { logger, externalUrl, hostNames, webConfig }: HttpServerOptions,
  limit: RequestLimit,
): { readonly app: FastifyInstance; readonly whoAsks: WhoAsks } {
  const prefix = externalUrl?.prefix ?? ''
  const app = fastify({
    logger: false,
    routerOptions: { maxParamLength: 1024 },
    // With and without the prefix: proxies leave it or take it away.
    rewriteUrl: ({ url = '/' }) => withoutPrefix(url, prefix),
    frameworkErrors: (_: FastifyError, __: FastifyRequest, reply: FastifyReply) => {
      sendText(reply.code(400), 'Bad request: the path cannot be decoded')
    },
  })
  // What a form of another site can send without asking.
  app.removeContentTypeParser('text/plain')
  const served = learnServedPaths(app)
  app.addHook('onRequest', (_, reply, done) => {
    reply.header('x-content-type-options', 'nosniff')
    done()
  })
  limitRequests(app, limit)
  const whoAsks = controlAccess(app, webConfig?.current)
  const names = [...hostNames, ...(externalUrl ? [externalUrl.host] : [])]
  refuseOtherSites(app, { isKnownHost: createKnownHosts(names), externalOrigin: externalUrl?.origin })
  app.addHook('onRequest', ({ method, url }, reply, done) => {
    const path = url.split('?')[0] ?? ''
    const allowed = served.methodsOf(path)
    if (allowed.includes(method)) return done()
    reply.code(405).header('allow', allowed.join(', '))
    sendError(reply, path, `Method not allowed: use ${allowed.join(' or ')}`)
  })
  compressAnswers(app)
  app.setNotFoundHandler(({ url }, reply) =>
    sendError(reply.code(404), url, `Not found: there are ${served.list().join(' ')}`),
  )
  app.setErrorHandler<RequestError>((error, { url }, reply) => {
    const code = error.statusCode ?? 500
    if (code >= 400 && code < 500) return sendError(reply.code(code), url, error.error ?? error.message)
    logger.error({ path: url, err: error }, 'request failed')
    return sendError(reply.code(500), url, 'Internal error: the reason is in the log of amdahl_exporter')
  })
  return { app, whoAsks }
}

async function addRoutes(
  app: FastifyInstance,
  options: HttpServerOptions,
  limit: RequestLimit,
  whoAsks: WhoAsks,
): Promise<void> {
  const { telemetryPath, metrics, status, targets, tokenFile, logger } = options
  const prefix = options.externalUrl?.prefix ?? ''
  await app.register(rateLimit, { global: false, cache: MAX_ADDRESSES })
  const checkToken = createTokenCheck(tokenFile, logger)
  const requireCredentials = createCredentials(app, whoAsks, checkToken)
  app.get('/', async (_, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', CONTENT_SECURITY_POLICY)
      .send(renderLandingPage(status(), targets(), telemetryPath, prefix)),
  )
  addMetricsRoute(app, telemetryPath, metrics, limit)
  addHealthRoutes(app, status)
  addLifecycleRoutes(app, options.reload, requireCredentials)
  await addApiRoutes(app, options, requireCredentials)
  addDocumentationRoutes(app, prefix)
  // What is wrong with the token is said at the start, and not at the first deploy.
  await checkToken(undefined)
}

function withoutPrefix(url: string, prefix: string): string {
  if (prefix === '' || !url.startsWith(prefix)) return url
  const rest = url.slice(prefix.length)
  if (rest === '' || rest.startsWith('?')) return `/${rest}`
  return rest.startsWith('/') ? rest : url
}
