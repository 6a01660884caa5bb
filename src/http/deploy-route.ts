import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import {
  ANNOUNCEMENT,
  ANNOUNCEMENT_ANSWER,
  type Announcement,
  type AnnouncementAnswer,
} from '../api/announcement.js'
import { type ApiError, ERROR } from '../api/error.js'
import { DEPLOYS_PATH, TARGETS_PATH } from '../api/paths.js'
import type { Logger } from '../log/logger.js'
import { describeRoute } from './described-route.js'
import { checkToken } from './token.js'

export type Announced =
  | { readonly kind: 'recorded'; readonly timestampSeconds: number }
  | { readonly kind: 'unknown-target' }
  | { readonly kind: 'not-stored'; readonly reason: string }

export interface DeployRouteOptions {
  readonly logger: Logger
  /** A pipeline says that a version of a target is deployed. */
  readonly announceDeploy: (target: string, version: string | undefined) => Promise<Announced>
  /** File with the token that announcements need; undefined: they are off. */
  readonly deployTokenFile: string | undefined
}

const MAX_BODY_BYTES = 4096
/** Announcements of one address: right, wrong and refused ones. */
const ANNOUNCEMENTS_PER_MINUTE = 10

export function addDeployRoute(
  api: FastifyInstance,
  { logger, announceDeploy, deployTokenFile }: DeployRouteOptions,
): void {
  api.removeContentTypeParser('text/plain')
  api.post<{ Body: Announcement; Reply: { 201: AnnouncementAnswer; '4xx': ApiError; '5xx': ApiError } }>(
    DEPLOYS_PATH,
    {
      bodyLimit: MAX_BODY_BYTES,
      config: {
        rateLimit: {
          max: ANNOUNCEMENTS_PER_MINUTE,
          timeWindow: '1 minute',
          errorResponseBuilder: (_, { after }) => ({
            statusCode: 429,
            error: `too many announcements: try again in ${after}`,
          }),
        },
      },
      ...describeRoute({
        summary: 'Announces a deploy',
        isSecured: true,
        body: ANNOUNCEMENT,
        response: {
          201: ANNOUNCEMENT_ANSWER,
          ...Object.fromEntries([400, 401, 403, 404, 413, 415, 429, 503].map((code) => [code, ERROR])),
        },
      }),
      // After the limit, and before the body is looked at: who may not announce learns nothing of what is accepted.
      preParsing: createTokenCheck(deployTokenFile, logger),
    },
    async ({ body: { target, version } }, reply) => {
      const announced = await announceDeploy(target, version)
      switch (announced.kind) {
        case 'recorded':
          return reply.code(201).send({ target, version, timestampSeconds: announced.timestampSeconds })
        case 'unknown-target':
          return reply
            .code(404)
            .send({ error: `no target of this name was ever seen: GET ${TARGETS_PATH} lists them` })
        case 'not-stored':
          return reply
            .code(503)
            .send({ error: 'the deploy is known, but lost if the exporter restarts: its log says why' })
      }
    },
  )
}

/** Lets a request pass that has the token of the file; a token that cannot be used is logged once. */
function createTokenCheck(tokenFile: string | undefined, logger: Logger) {
  let lastProblem: string | undefined
  return async ({ headers }: FastifyRequest, reply: FastifyReply) => {
    if (tokenFile === undefined) {
      return reply
        .code(403)
        .send({ error: 'announcing deploys is off: start the exporter with --deploys.token-file' })
    }
    const check = await checkToken(tokenFile, headers.authorization)
    if (check === 'right') {
      lastProblem = undefined
      return
    }
    if (check === 'wrong') {
      return reply
        .code(401)
        .header('www-authenticate', 'Bearer')
        .send({ error: 'give the token of the exporter: Authorization: Bearer TOKEN' })
    }
    if (check.unusable !== lastProblem) logger.error({ file: tokenFile }, check.unusable)
    lastProblem = check.unusable
    return reply.code(503).send({ error: "the exporter's token cannot be used: its log says why" })
  }
}
