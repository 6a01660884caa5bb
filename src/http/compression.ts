import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import { acceptsGzip } from './accept.js'

/** Less than a packet is not worth it. Bytes. */
const MIN_BYTES = 1024
/** Names and numbers repeat: the fastest level already makes a tenth of them. */
const LEVEL = constants.Z_BEST_SPEED

const compress = promisify(gzip)

/** Compresses what is sent to those who take gzip; an answer that several get at once is compressed once. */
export function compressAnswers(app: FastifyInstance): void {
  const shared = new WeakMap<Buffer, Promise<Buffer>>()
  app.addHook('onSend', ({ headers }, reply, payload, done) => {
    const isBody = typeof payload === 'string' || Buffer.isBuffer(payload)
    if (!isBody || payload.length < MIN_BYTES || reply.hasHeader('content-encoding'))
      return done(null, payload)
    const vary = reply.getHeader('vary')
    reply.header('vary', vary === undefined ? 'Accept-Encoding' : `${vary}, Accept-Encoding`)
    if (!acceptsGzip(headers['accept-encoding'])) return done(null, payload)
    reply.header('content-encoding', 'gzip').removeHeader('content-length')
    const compressed =
      (Buffer.isBuffer(payload) && shared.get(payload)) || compress(payload, { level: LEVEL })
    if (Buffer.isBuffer(payload)) shared.set(payload, compressed)
    compressed.then((body) => done(null, body), done)
  })
}
