import type { FastifyInstance } from 'fastify'

export type Reloaded =
  /** What waits for a restart, one line each. */
  | { readonly ok: true; readonly notes: readonly string[] }
  /** What is wrong with the configuration, one line each. */
  | { readonly ok: false; readonly errors: readonly string[] }

/** `POST /-/reload`: reads the configuration again. @param reload Undefined: it is off. */
export function addLifecycleRoutes(
  app: FastifyInstance,
  reload: (() => Promise<Reloaded>) | undefined,
): void {
  app.post('/-/reload', async (_, reply) => {
    reply.type('text/plain; charset=utf-8')
    if (!reload) {
      return reply.code(403).send('Reloading is off: start the exporter with --web.enable-lifecycle\n')
    }
    const result = await reload()
    const lines = result.ok ? ['Configuration read again', ...result.notes] : result.errors
    return reply.code(result.ok ? 200 : 400).send(`${lines.join('\n')}\n`)
  })
}
