import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Requests that may wait behind the one that is answered: browsers and scrapers send none before its answer. */
const MAX_WAITING = 8

/**
 * Gives `handler` one request of a connection at a time: the next when the client has taken the answer to the one before.
 * A connection on which more than a few wait is closed. HTTP/2 has its own limit for a connection.
 */
export function oneAtATime(handler: RequestListener): RequestListener {
  const waiting = new WeakMap<Socket, [IncomingMessage, ServerResponse][]>()

  function serve(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request
    response.once('close', () => {
      const next = waiting.get(socket)?.shift()
      if (next === undefined || socket.destroyed) waiting.delete(socket)
      else serve(...next)
    })
    handler(request, response as Parameters<RequestListener>[1])
  }

  return (request, response) => {
    if (request.httpVersionMajor > 1) return handler(request, response)
    const queue = waiting.get(request.socket)
    if (queue === undefined) {
      waiting.set(request.socket, [])
      serve(request, response)
    } else if (queue.length < MAX_WAITING) {
      queue.push([request, response])
    } else {
      request.socket.destroy()
    }
  }
}
