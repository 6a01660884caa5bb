import type { FastifyInstance } from 'fastify'
import {
  ANNOUNCEMENT,
  ANNOUNCEMENT_ANSWER,
  type Announcement,
  type AnnouncementAnswer,
} from '../api/announcement.js'
import { type ApiError, ERROR } from '../api/error.js'
import { DEPLOYS_PATH, TARGETS_PATH } from '../api/paths.js'
import type { RequireCredentials } from './credentials.js'
import { describeRoute } from './described-route.js'

export type Announced =
  | { readonly kind: 'recorded'; readonly timestampSeconds: number }
  | { readonly kind: 'unknown-target' }
  | { readonly kind: 'not-stored'; readonly reason: string }

export interface DeployRouteOptions {
  /** A pipeline says that a version of a target is deployed. */
  readonly announceDeploy: (target: string, version: string | undefined) => Promise<Announced>
}

const MAX_BODY_BYTES = 4096

export function addDeployRoute(
  api: FastifyInstance,
  { announceDeploy }: DeployRouteOptions,
  requireCredentials: RequireCredentials,
): void {
  api.post<{ Body: Announcement; Reply: { 201: AnnouncementAnswer; '4xx': ApiError; '5xx': ApiError } }>(
    DEPLOYS_PATH,
    {
      bodyLimit: MAX_BODY_BYTES,
      config: { takesToken: true },
      ...describeRoute({
        summary: 'Announces a deploy',
        isSecured: true,
        body: ANNOUNCEMENT,
        response: {
          201: ANNOUNCEMENT_ANSWER,
          ...Object.fromEntries([400, 401, 403, 404, 413, 415, 429, 503].map((code) => [code, ERROR])),
        },
      }),
      // Before the body is looked at: who may not announce learns nothing of what is accepted.
      preParsing: requireCredentials({
        allowsLocal: false,
        whenOff: 'announcing deploys is off: start the exporter with --deploys.token-file',
      }),
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
