import { createServer, type Server, type Socket } from 'node:net'

/** Where to accept connections. */
export interface Address {
  /** Undefined: all interfaces, IPv4 and IPv6. */
  readonly host: string | undefined
  /** 0 lets the system choose. */
  readonly port: number
}

/** A socket that listens already, handed over by who started the process. */
export interface OpenSocket {
  readonly descriptor: number
}

/** Longest that a request under way may go on when the service stops. */
const CLOSE_GRACE_MS = 1000

const REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the address is in use; stop what uses it or choose another with --web.listen-address',
  EACCES: 'no permission; choose a port from 1024 with --web.listen-address',
  EADDRNOTAVAIL: 'this machine has no such address; choose another with --web.listen-address',
  ENOTFOUND: 'the host name has no address; give an IP address to --web.listen-address',
}

/** What becomes of connections. */
export interface Acceptor {
  accept(socket: Socket): void
  /** One could not be accepted, such as for want of descriptors; the next is tried all the same. */
  fail(error: Error): void
}

/** Opens each of `places`. If one fails, all are closed again. */
export async function openListeners(
  places: readonly (Address | OpenSocket)[],
  acceptor: Acceptor,
): Promise<readonly Server[]> {
  const opened: Server[] = []
  try {
    for (const place of places) opened.push(await open(place, acceptor))
  } catch (error) {
    await closeListeners(opened, () => {})
    throw error
  }
  return opened
}

function open(place: Address | OpenSocket, acceptor: Acceptor): Promise<Server> {
  // As servers of HTTP have it: a client may close its side once it has asked.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, acceptor.accept)
  const [options, name] =
    'descriptor' in place
      ? [{ fd: place.descriptor }, `the socket of descriptor ${place.descriptor}`]
      : [{ ...place }, describeAddress(place.host ?? '', place.port)]
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException) => {
      const remedy = REMEDIES[error.code ?? ''] ?? error.message
      reject(new Error(`cannot listen on ${name}: ${remedy}`))
    }
    server.once('error', refuse)
    server.listen(options, () => {
      server.off('error', refuse).on('error', acceptor.fail)
      resolve(server)
    })
  })
}

/** Waits for requests under way, a moment at most; then `closeConnections` ends what is left. */
export async function closeListeners(
  servers: readonly Server[],
  closeConnections: () => void,
): Promise<void> {
  const grace = setTimeout(closeConnections, CLOSE_GRACE_MS)
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))))
  clearTimeout(grace)
}

/** The address a server is bound to, as `127.0.0.1:10967` or `[::]:10967`, or the path of a Unix socket; `unix` where it was handed over. */
export function boundAddress(server: Server): string {
  const address = server.address()
  if (typeof address === 'string') return address
  return address === null ? 'unix' : describeAddress(address.address, address.port)
}

function describeAddress(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
