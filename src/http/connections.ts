import type { Socket } from 'node:net'

/** Open connections, of which there are only so many. */
export interface Connections {
  /** Takes one more; where there is no room, the one that was quiet for the longest time is closed for it. */
  add(socket: Socket): void
  /** A request came by this one, or by TLS on top of it. */
  touch(socket: Socket): void
  closeAll(): void
}

/** Scrapers and people need a few; each costs some kB, and what it does not take of its answer. */
const MAX_CONNECTIONS = 512

export function createConnections(most = MAX_CONNECTIONS): Connections {
  /** By who is at the other end, the quietest first. */
  const open = new Map<unknown, Socket>()
  return {
    add(socket) {
      const key = otherEnd(socket)
      const [quietest] = open
      if (quietest !== undefined && open.size >= most) {
        open.delete(quietest[0])
        quietest[1].destroy()
      }
      open.set(key, socket)
      socket.once('close', () => {
        if (open.get(key) === socket) open.delete(key)
      })
    },
    touch(socket) {
      const key = otherEnd(socket)
      const found = open.get(key)
      if (found === undefined) return
      open.delete(key)
      open.set(key, found)
    },
    closeAll() {
      for (const socket of open.values()) socket.destroy()
    },
  }
}

/** Address and port, which TLS shows as well; the other end of a Unix socket has none. */
function otherEnd(socket: Socket): unknown {
  const { remoteAddress, remotePort } = socket
  return remotePort === undefined ? socket : `${remoteAddress} ${remotePort}`
}
