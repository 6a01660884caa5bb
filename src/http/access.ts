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

/** `user`: has shown name and password. `anyone`: there are no users. `unknown`: has to show a token. */
export type Asker = 'user' | 'anyone' | 'unknown'

/** Who asks. */
export type WhoAsks = (request: FastifyRequest) => Asker

/** Applies the web configuration to each request: its rate, headers and users. @param current Undefined: there is none. */
export function controlAccess(app: FastifyInstance, current: CurrentWebConfig | undefined): WhoAsks {
  if (current === undefined) return () => 'anyone'
  const known = new WeakMap<FastifyRequest, Asker>()
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
    if (config.users.size === 0) return void known.set(request, 'anyone')
    const { authorization } = request.headers
    if (request.routeOptions.config?.takesToken && /^Bearer /i.test(authorization ?? '')) return
    const check = await passwords.check(config.users, authorization)
    if (check === 'right') return void known.set(request, 'user')
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
  return (request) => known.get(request) ?? 'unknown'
}

function refuse({ url }: FastifyRequest, reply: FastifyReply, message: string): FastifyReply {
  return sendError(reply, url, message)
}
