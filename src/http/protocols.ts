import { createServer as createHttp1, type RequestListener } from 'node:http'
import { createServer as createHttp2, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import type { Socket } from 'node:net'
import { createServer as createTls, type TLSSocket, type Server as TlsServer } from 'node:tls'
import type { TlsConfig, WebConfig } from '../config/web-config.js'
import type { Logger } from '../log/logger.js'
import type { CurrentWebConfig } from './access.js'
import { findCertificateProblem } from './client-certificate.js'

/** What speaks HTTP on connections that are open. */
export interface Protocols {
  /** Takes a connection that was accepted. */
  take(socket: Socket): void
  close(): void
}

/** Longest that a client may take to send its request, or to agree on TLS: both are small. */
const REQUEST_TIMEOUT_MS = 10_000
/** Longest that nothing may come or go: an answer takes up to 10 s to make. */
const SILENCE_MS = 30_000
/** Requests of one HTTP/2 connection at a time. */
const MAX_STREAMS = 8

/** Plain HTTP/1.1, where there is no TLS. */
export function createPlainProtocol(handler: RequestListener): Protocols {
  const http1 = createHttp1(
    { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS },
    handler,
  )
  http1.timeout = SILENCE_MS
  // It looks after its timeouts from when it listens: it does not, connections are given to it.
  http1.emit('listening')
  return {
    take: (socket) => void http1.emit('connection', socket),
    close: () => void http1.close(),
  }
}

/** TLS by what the web configuration says when the connection comes; above it HTTP/2, or HTTP/1.1. */
export function createTlsProtocols(
  handler: RequestListener,
  current: CurrentWebConfig,
  logger: Logger,
): Protocols {
  const http1 = createPlainProtocol(handler)
  const http2 = createHttp2(
    { settings: { maxConcurrentStreams: MAX_STREAMS }, maxSessionMemory: 1 },
    // Requests and answers of both have the same methods.
    handler as unknown as (request: Http2ServerRequest, response: Http2ServerResponse) => void,
  )
  http2.on('session', (session) => session.setTimeout(SILENCE_MS, () => session.destroy()))
  http2.on('sessionError', () => {})
  let last: { readonly config: WebConfig; readonly server: TlsServer } | undefined

  function serverFor(config: WebConfig, tls: TlsConfig): TlsServer {
    if (last?.config === config) return last.server
    const server = createTlsServer(tls, config.http2, (socket) => {
      const problem = findCertificateProblem(socket, tls)
      if (problem !== undefined) {
        logger.debug({ address: socket.remoteAddress, problem }, 'TLS client refused')
        socket.destroy()
      } else if (socket.alpnProtocol === 'h2') http2.emit('connection', socket)
      else http1.take(socket)
    })
    last = { config, server }
    return server
  }

  return {
    take(socket) {
      socket.pause()
      socket.once('error', () => socket.destroy())
      void current().then((config) => {
        if (config?.tls === undefined || socket.destroyed) socket.destroy()
        else serverFor(config, config.tls).emit('connection', socket)
      })
    },
    close() {
      http1.close()
      http2.close()
    },
  }
}

/** @param onSecure A client and the server have agreed, and `tls` has not refused its certificate. */
function createTlsServer(tls: TlsConfig, isHttp2: boolean, onSecure: (socket: TLSSocket) => void): TlsServer {
  const server = createTls(
    {
      ...tls.secure,
      ALPNProtocols: [...(isHttp2 ? ['h2'] : []), 'http/1.1'],
      handshakeTimeout: REQUEST_TIMEOUT_MS,
      requestCert: tls.clientAuth !== 'NoClientCert',
      rejectUnauthorized: tls.clientAuth === 'RequireAndVerifyClientCert',
    },
    onSecure,
  )
  // A client that speaks no TLS, or another one: its connection is closed by then.
  server.on('tlsClientError', (_, socket) => socket.destroy())
  return server
}
