import type { FastifyInstance } from 'fastify'
import type { RequireCredentials } from './credentials.js'

export type Reloaded =
  /** What waits for a restart, one line each. */
  | { readonly ok: true; readonly notes: readonly string[] }
  /** What is wrong with the configuration, one line each. */
  | { readonly ok: false; readonly errors: readonly string[] }

/** There is nothing to say. Bytes. */
const MAX_BODY_BYTES = 4096

/** `POST /-/reload`: reads the configuration again. @param reload Undefined: it is off. */
export function addLifecycleRoutes(
  app: FastifyInstance,
  reload: (() => Promise<Reloaded>) | undefined,
  requireCredentials: RequireCredentials,
): void {
  const preParsing = requireCredentials({
    allowsLocal: true,
    whenOff:
      'From another machine this needs a user of --web.config.file, or the token of --deploys.token-file',
  })
  app.post(
    '/-/reload',
    { bodyLimit: MAX_BODY_BYTES, config: { takesToken: true }, ...(reload && { preParsing }) },
    async (_, reply) => {
      reply.type('text/plain; charset=utf-8')
      if (!reload) {
        return reply.code(403).send('Reloading is off: start the exporter with --web.enable-lifecycle\n')
      }
      const result = await reload()
      const lines = result.ok ? ['Configuration read again', ...result.notes] : result.errors
      return reply.code(result.ok ? 200 : 400).send(`${lines.join('\n')}\n`)
    },
  )
}
