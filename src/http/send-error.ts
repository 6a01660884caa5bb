import type { FastifyReply } from 'fastify'

/** Errors are JSON in the API, and text elsewhere. */
export function sendError(reply: FastifyReply, path: string, message: string): FastifyReply {
  return path.startsWith('/api/') ? reply.send({ error: message }) : sendText(reply, message)
}

export function sendText(reply: FastifyReply, message: string): FastifyReply {
  return reply.type('text/plain; charset=utf-8').send(`${message}\n`)
}
