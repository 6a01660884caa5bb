import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Where to accept connections. */
export interface Address {
  /** Undefined: all interfaces, IPv4 and IPv6. */
  readonly host: string | undefined
  /** 0 lets the system choose. */
  readonly port: number
}

/** Longest that a request under way may go on when the service stops. */
const CLOSE_GRACE_MS = 1000
/** Longest that a client may take to send its request: they are small. */
const REQUEST_TIMEOUT_MS = 10_000

const REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the address is in use; stop what uses it or choose another with --web.listen-address',
  EACCES: 'no permission; choose a port from 1024 with --web.listen-address',
  EADDRNOTAVAIL: 'this machine has no such address; choose another with --web.listen-address',
  ENOTFOUND: 'the host name has no address; give an IP address to --web.listen-address',
}

/** Opens one HTTP server for each address, all with the same `handler`. If one fails, all are closed again. */
export async function openListeners(
  addresses: readonly Address[],
  handler: RequestListener,
): Promise<readonly Server[]> {
  const opened: Server[] = []
  try {
    for (const address of addresses) opened.push(await open(address, handler))
  } catch (error) {
    await closeListeners(opened)
    throw error
  }
  return opened
}

function open({ host, port }: Address, handler: RequestListener): Promise<Server> {
  const server = createServer(
    { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS },
    handler,
  )
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const remedy = REMEDIES[error.code ?? ''] ?? error.message
      reject(new Error(`cannot listen on ${describeAddress(host ?? '', port)}: ${remedy}`))
    })
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => resolve(server))
  })
}

/** Waits for requests under way, a moment at most, and for nothing else. */
export async function closeListeners(servers: readonly Server[]): Promise<void> {
  await Promise.all(servers.map(close))
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const grace = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS)
    server.close(() => {
      clearTimeout(grace)
      resolve()
    })
  })
}

/** The address a server is bound to, as `127.0.0.1:10967` or `[::]:10967`. */
export function boundAddress(server: Server): string {
  const { address, port } = server.address() as AddressInfo
  return describeAddress(address, port)
}

function describeAddress(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
