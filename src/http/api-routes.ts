import swagger from '@fastify/swagger'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { type ApiError, ERROR } from '../api/error.js'
import { OPENAPI_PATH, TARGETS_PATH } from '../api/paths.js'
import { TARGET, TARGET_PARAMS, TARGETS, type Target, type Targets } from '../api/target.js'
import type { ExternalUrl } from '../config/external-url.js'
import type { RequireCredentials } from './credentials.js'
import { addDeployRoute, type DeployRouteOptions } from './deploy-route.js'
import { describeRoute, TOKEN_SCHEME, USER_SCHEME } from './described-route.js'
import { type AskWhatIf, addWhatIfRoute } from './what-if-route.js'

export interface ApiOptions extends DeployRouteOptions {
  readonly version: string
  readonly targets: () => readonly Target[]
  readonly askWhatIf: AskWhatIf
  /** Where people find the exporter; undefined: where they ask. */
  readonly externalUrl: ExternalUrl | undefined
}

/** The JSON API: targets, deploys and what-if, described by OpenAPI. */
export async function addApiRoutes(
  app: FastifyInstance,
  options: ApiOptions,
  requireCredentials: RequireCredentials,
): Promise<void> {
  const { externalUrl } = options
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
        ...(externalUrl && { servers: [{ url: externalUrl.origin + externalUrl.prefix }] }),
        components: {
          securitySchemes: {
            [TOKEN_SCHEME]: { type: 'http', scheme: 'bearer' },
            [USER_SCHEME]: { type: 'http', scheme: 'basic' },
          },
        },
      },
    })
    api.addHook('onRequest', async (_, reply) => {
      reply.header('cache-control', 'no-store')
    })
    addTargetRoutes(api, options.targets)
    addWhatIfRoute(api, options.askWhatIf)
    addDeployRoute(api, options, requireCredentials)
    api.get(OPENAPI_PATH, { schema: { hide: true } }, async () => api.swagger())
  })
}

function addTargetRoutes(api: FastifyInstance, targets: ApiOptions['targets']): void {
  api.get<{ Reply: Targets }>(
    TARGETS_PATH,
    describeRoute({ summary: 'All targets', response: { 200: TARGETS } }),
    async () => ({ targets: targets() }),
  )
  const find = (name: string, reply: FastifyReply<{ Reply: { 200: Target; 404: ApiError } }>) => {
    const target = targets().find((candidate) => candidate.name === name)
    if (target) return reply.code(200).send(target)
    return reply.code(404).send({ error: `no such target now: GET ${TARGETS_PATH} lists them` })
  }
  const described = describeRoute({
    summary: 'One target, by its name',
    params: TARGET_PARAMS,
    response: { 200: TARGET, 404: ERROR },
  })
  api.get<{ Params: { name: string }; Reply: { 200: Target; 404: ApiError } }>(
    `${TARGETS_PATH}/:name`,
    described,
    async ({ params }, reply) => find(params.name, reply),
  )
  // Names may have slashes: they are found also when these are not encoded.
  api.get<{ Params: { '*': string }; Reply: { 200: Target; 404: ApiError } }>(
    `${TARGETS_PATH}/*`,
    { schema: { hide: true, response: described.schema.response } },
    async ({ params }, reply) => find(params['*'], reply),
  )
}
