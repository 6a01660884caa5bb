import { execFileSync } from 'node:child_process'
import { chownSync } from 'node:fs'
import { connect } from 'node:net'
import { type Child, start, until } from '../../../e2e/support/process.js'
import type { Launch, Running } from '../row.js'

/** A command as another user, in the same process. */
export function as(user: string, command: readonly string[]): readonly string[] {
  return ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--init-groups', '--', ...command]
}

export function launch({ keep }: Launch, [file = '', ...args]: readonly string[]): Child {
  return keep(start(file, args))
}

/** Runs a command to its end; its output is in the error, if it fails. */
export function execute([file = '', ...args]: readonly string[]): string {
  return execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** @param user Owner of the folder from now on. */
export function give(folder: string, user: string): void {
  const id = (flag: string) => Number(execute(['id', flag, user]))
  chownSync(folder, id('-u'), id('-g'))
}

/** Until something answers on a port of the loopback interface. */
export async function listens(child: Child, port: number): Promise<void> {
  let end: string | undefined
  child.exited.then((status) => {
    end = String(status)
  })
  await until(`something listens on port ${port}`, 30, async () => {
    if (end !== undefined) throw new Error(`it ended with ${end}: ${child.stderr()}`)
    return isOpen(port)
  })
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

/** A service and what puts load on it, which has to last until the end of the row. */
export function underLoad(service: Child, loads: readonly Child[]): Running {
  const ended: string[] = []
  for (const load of loads) {
    load.exited.then((status) => ended.push(`${status}: ${load.stderr() || load.stdout()}`.slice(0, 500)))
  }
  return {
    pid: service.pid,
    reset: () => undefined,
    async finish() {
      if (ended.length > 0) throw new Error(`the load ended early with ${ended.join('; ')}`)
      for (const child of [...loads, service]) {
        child.kill('SIGTERM')
        await child.exited
      }
      return undefined
    },
  }
}
