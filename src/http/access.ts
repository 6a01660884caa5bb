import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { WebConfig } from '../config/web-config.js'
import { createPasswords } from './passwords.js'
import { sendError } from './send-error.js'
import { createTokenBucket } from './token-bucket.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route takes a token in place of a user, and looks at it by itself. */
    readonly takesToken?: true
  }
}

/** What the web configuration says at this moment; undefined: it is wrong, and the log says how. */
export type CurrentWebConfig = () => Promise<WebConfig | undefined>

/** Who asks. */
export interface Access {
  /** Whether the request has the name and password of a user. */
  isUser(request: FastifyRequest): boolean
}

/** Applies the web configuration to each request: its rate, headers and users. @param current Undefined: there is none. */
export function controlAccess(app: FastifyInstance, current: CurrentWebConfig | undefined): Access {
  const users = new WeakSet<FastifyRequest>()
  const access: Access = { isUser: (request) => users.has(request) }
  if (current === undefined) return access
  const isWithin = createTokenBucket()
  const passwords = createPasswords()

  app.addHook('onRequest', async (request, reply) => {
    const config = await current()
    if (config === undefined) {
      return refuse(
        request,
        reply.code(500),
        'Internal error: the web configuration cannot be used; the log says why',
      )
    }
    if (config.rateLimit && !isWithin(config.rateLimit)) {
      return refuse(request, reply.code(429), 'Too many requests: rate_limit of the web configuration')
    }
    for (const [name, value] of config.headers) reply.header(name, value)
    if (config.users.size === 0) return
    const { authorization } = request.headers
    if (request.routeOptions.config?.takesToken && /^Bearer /i.test(authorization ?? '')) return
    const check = await passwords.check(config.users, authorization)
    if (check === 'right') return void users.add(request)
    if (check === 'busy') {
      return refuse(
        request,
        reply.code(503).header('retry-after', 1),
        'Too many passwords to compare: try again',
      )
    }
    reply.code(401).header('www-authenticate', 'Basic realm="amdahl_exporter", charset="UTF-8"')
    return refuse(
      request,
      reply,
      'Unauthorized: give the name and password of a user of the web configuration',
    )
  })
  return access
}

function refuse({ url }: FastifyRequest, reply: FastifyReply, message: string): FastifyReply {
  return sendError(reply, url, message)
}
