import type { FastifyInstance, FastifyRequest } from 'fastify'
import { sendError } from './send-error.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route asks the limit by itself. */
    readonly isLimited?: true
  }
}

/** Requests that are worked on at a time. */
export interface RequestLimit {
  /** @returns whether there was room; then `leave` has to follow. */
  enter(): boolean
  leave(): void
}

/** @param most From 1; 0: no limit. */
export function createRequestLimit(most: number): RequestLimit {
  let underWay = 0
  return {
    enter() {
      if (most > 0 && underWay >= most) return false
      underWay++
      return true
    },
    leave() {
      underWay--
    },
  }
}

export const TOO_MANY_REQUESTS =
  'Too many requests at a time: try again, or allow more with --web.max-requests'

/**
 * Answers 503 where there is no room. A request is under way until its answer is made: a client that does not take it
 * keeps nobody else out.
 */
export function limitRequests(app: FastifyInstance, limit: RequestLimit): void {
  const underWay = new WeakSet<FastifyRequest>()
  const leave = (request: FastifyRequest) => {
    if (underWay.delete(request)) limit.leave()
  }
  app.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.config?.isLimited) return done()
    if (!limit.enter()) {
      sendError(reply.code(503).header('retry-after', 1), request.url, TOO_MANY_REQUESTS)
      return
    }
    underWay.add(request)
    done()
  })
  app.addHook('onSend', (request, _, payload, done) => {
    leave(request)
    done(null, payload)
  })
  app.addHook('onRequestAbort', async (request) => leave(request))
  app.addHook('onResponse', async (request) => leave(request))
}
