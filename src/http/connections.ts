import type { Socket } from 'node:net'

/** Open connections, of which there are only so many. */
export interface Connections {
  /** Takes one more; where there is no room, the one that was quiet for the longest time is closed for it. */
  add(socket: Socket): void
  /** A request came by this one. */
  touch(socket: Socket): void
  closeAll(): void
}

/** Scrapers and people need a few; each costs some kB, and what it does not take of its answer. */
const MAX_CONNECTIONS = 512

export function createConnections(most = MAX_CONNECTIONS): Connections {
  /** The quietest first. */
  const open = new Set<Socket>()
  return {
    add(socket) {
      const [quietest] = open
      if (quietest !== undefined && open.size >= most) {
        open.delete(quietest)
        quietest.destroy()
      }
      open.add(socket)
      socket.once('close', () => open.delete(socket))
    },
    touch(socket) {
      if (open.delete(socket)) open.add(socket)
    },
    closeAll() {
      for (const socket of open) socket.destroy()
    },
  }
}
