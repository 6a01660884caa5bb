import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { WhoAsks } from './access.js'
import { sendError } from './send-error.js'
import type { CheckToken } from './token.js'

/** What a request that changes something needs. */
export interface Demand {
  /** Where there are no users, who asks from this machine needs nothing more. */
  readonly allowsLocal: boolean
  /** What is said where there is no token at all, and no user asks. */
  readonly whenOff: string
}

/** Answers a request that may not change anything. */
export type RequireCredentials = (
  demand: Demand,
) => (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined>

/** Wrong tokens of one address; a right one is never counted, nor refused for the wrong ones. */
const FAILURES_PER_MINUTE = 10

/** A user of the web configuration, or the token. @param app With the plugin of rate limits. */
export function createCredentials(
  app: FastifyInstance,
  whoAsks: WhoAsks,
  checkToken: CheckToken,
): RequireCredentials {
  const countFailure = app.createRateLimit({ max: FAILURES_PER_MINUTE, timeWindow: '1 minute' })
  return ({ allowsLocal, whenOff }) =>
    async (request, reply) => {
      const refuse = (code: number, message: string) => sendError(reply.code(code), request.url, message)
      const asker = whoAsks(request)
      if (asker === 'user' || (asker === 'anyone' && allowsLocal && isLocal(request))) return undefined
      switch (await checkToken(request.headers.authorization)) {
        case 'right':
          return undefined
        case 'off':
          return refuse(403, whenOff)
        case 'unusable':
          return refuse(503, "the exporter's token cannot be used: its log says why")
      }
      const failures = await countFailure(request)
      if (!failures.isAllowed && failures.isExceeded) {
        reply.header('retry-after', failures.ttlInSeconds)
        return refuse(429, `too many wrong tokens: try again in ${failures.ttlInSeconds} seconds`)
      }
      reply.header('www-authenticate', 'Bearer')
      return refuse(401, 'give the token of the exporter: Authorization: Bearer TOKEN')
    }
}

/** From a loopback address or a Unix socket, and not through a proxy there. */
function isLocal({ socket, headers }: FastifyRequest): boolean {
  const { remoteAddress } = socket
  const isForwarded = [headers.forwarded, headers['x-forwarded-for'], headers['x-real-ip'], headers.via].some(
    (header) => header !== undefined,
  )
  return !isForwarded && (remoteAddress === undefined || /^(?:::ffff:)?127\.|^::1$/.test(remoteAddress))
}
