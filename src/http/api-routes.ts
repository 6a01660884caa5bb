import rateLimit from '@fastify/rate-limit'
import swagger from '@fastify/swagger'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Logger } from '../log/logger.js'
import type { TargetDetail } from '../metrics/target-detail.js'
import { ANNOUNCED, ANNOUNCEMENT, ERROR, TARGET, TARGETS } from './api-schemas.js'
import { checkToken } from './token.js'
import { type AskWhatIf, addWhatIfRoute } from './what-if-route.js'

export type Announced =
  | { readonly kind: 'recorded'; readonly timestampSeconds: number }
  | { readonly kind: 'unknown-target' }
  | { readonly kind: 'not-stored'; readonly reason: string }

export interface ApiOptions {
  readonly logger: Logger
  readonly version: string
  readonly targets: () => readonly TargetDetail[]
  /** A pipeline says that a version of a target is deployed. */
  readonly announceDeploy: (target: string, version: string | undefined) => Promise<Announced>
  /** File with the token that announcements need; undefined: they are off. */
  readonly deployTokenFile: string | undefined
  readonly askWhatIf: AskWhatIf
}

const MAX_BODY_BYTES = 4096
/** Announcements of one address: right, wrong and refused ones. */
const ANNOUNCEMENTS_PER_MINUTE = 10
/** Addresses whose announcements are counted. */
const MAX_ADDRESSES = 1000

/** The JSON API: targets, deploys and what-if, described by OpenAPI. */
export async function addApiRoutes(app: FastifyInstance, options: ApiOptions): Promise<void> {
  await app.register(async (api) => {
    await api.register(swagger, {
      openapi: {
        openapi: '3.0.3',
        info: {
          title: 'amdahl_exporter',
          version: options.version,
          description:
            'How much of each running service is parallel, which lock limits it, and what deploys did to it.',
        },
        components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      },
    })
    await api.register(rateLimit, { global: false, cache: MAX_ADDRESSES })
    api.addHook('onRequest', async (_, reply) => {
      reply.header('cache-control', 'no-store')
    })
    addTargetRoutes(api, options.targets)
    addWhatIfRoute(api, options.askWhatIf)
    addDeployRoute(api, options)
    api.get('/api/v1/openapi.json', { schema: { hide: true } }, async () => api.swagger())
  })
}

function addTargetRoutes(api: FastifyInstance, targets: ApiOptions['targets']): void {
  const described = { summary: 'All targets', response: { 200: TARGETS } }
  api.get('/api/v1/targets', { schema: described }, async () => ({ targets: targets() }))
  const find = async (name: string, reply: FastifyReply) => {
    const target = targets().find((candidate) => candidate.name === name)
    if (target) return target
    return reply.code(404).send({ error: 'no such target now: GET /api/v1/targets lists them' })
  }
  const response = { 200: TARGET, 404: ERROR }
  api.get<{ Params: { name: string } }>(
    '/api/v1/targets/:name',
    {
      schema: {
        summary: 'One target, by its name',
        params: {
          type: 'object',
          properties: { name: { type: 'string', description: 'Name of the target' } },
        },
        response,
      },
    },
    ({ params }, reply) => find(params.name, reply),
  )
  // Names may have slashes: they are found also when these are not encoded.
  api.get<{ Params: { '*': string } }>(
    '/api/v1/targets/*',
    { schema: { hide: true, response } },
    ({ params }, reply) => find(params['*'], reply),
  )
}

function addDeployRoute(api: FastifyInstance, { logger, announceDeploy, deployTokenFile }: ApiOptions): void {
  let lastProblem: string | undefined
  api.removeContentTypeParser('text/plain')
  api.post<{ Body: { readonly target: string; readonly version?: string } }>(
    '/api/v1/deploys',
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
      schema: {
        summary: 'Announces a deploy',
        security: [{ token: [] }],
        body: ANNOUNCEMENT,
        response: {
          201: ANNOUNCED,
          ...Object.fromEntries([400, 401, 403, 404, 413, 415, 429, 503].map((code) => [code, ERROR])),
        },
      },
      // After the limit, and before the body is looked at: who may not announce learns nothing of what is accepted.
      preParsing: async ({ headers }, reply) => {
        if (deployTokenFile === undefined) {
          return reply
            .code(403)
            .send({ error: 'announcing deploys is off: start the exporter with --deploys.token-file' })
        }
        const check = await checkToken(deployTokenFile, headers.authorization)
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
        if (check.unusable !== lastProblem) logger.error({ file: deployTokenFile }, check.unusable)
        lastProblem = check.unusable
        return reply.code(503).send({ error: "the exporter's token cannot be used: its log says why" })
      },
    },
    async ({ body: { target, version } }, reply) => {
      const announced = await announceDeploy(target, version)
      switch (announced.kind) {
        case 'recorded':
          return reply.code(201).send({ target, version, timestampSeconds: announced.timestampSeconds })
        case 'unknown-target':
          return reply
            .code(404)
            .send({ error: 'no target of this name was ever seen: GET /api/v1/targets lists them' })
        case 'not-stored':
          return reply
            .code(503)
            .send({ error: 'the deploy is known, but lost if the exporter restarts: its log says why' })
      }
    },
  )
}
