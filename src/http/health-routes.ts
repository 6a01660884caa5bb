import type { FastifyInstance } from 'fastify'
import type { StatusView } from '../metrics/status.js'

/** `/-/healthy`: the process answers. `/-/ready`: and it can tell what it is there to tell. */
export function addHealthRoutes(app: FastifyInstance, status: () => StatusView): void {
  app.get('/-/healthy', async (_, reply) => reply.type('text/plain; charset=utf-8').send('Healthy\n'))
  app.get('/-/ready', async (_, reply) => {
    const { ready, reasons } = status()
    const lines = ready ? ['Ready'] : ['Not ready', ...reasons.map(oneLine)]
    return reply
      .code(ready ? 200 : 503)
      .type('text/plain; charset=utf-8')
      .send(`${lines.join('\n')}\n`)
  })
}

function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ').trim()
}
