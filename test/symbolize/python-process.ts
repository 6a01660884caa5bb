import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A Python that runs a script of test/runtimes/cpython, which waits for lines. */
export interface RunningPython {
  readonly pid: number
  /** The next line that it writes. */
  line(): Promise<string>
  /** Gives it a line. */
  goOn(): void
  stop(): Promise<void>
}

const SCRIPTS = fileURLToPath(new URL('../runtimes/cpython/', import.meta.url))
const NAME = /^python3\.(\d+)$/

/** Programs of CPython 3.8 and later that this machine has: its own, and those of pyenv. */
export const PYTHONS: readonly string[] = [
  '/usr/bin',
  ...foldersIn(join(homedir(), '.pyenv/versions')).map((folder) => join(folder, 'bin')),
].flatMap((folder) =>
  filesIn(folder)
    .filter((name) => Number(NAME.exec(name)?.[1]) >= 8)
    .map((name) => join(folder, name)),
)

function filesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : []
}

function foldersIn(folder: string): readonly string[] {
  return filesIn(folder).map((name) => join(folder, name))
}

/** Starts it with the least priority: it computes. */
export function runPython(
  python: string,
  script: string,
  env: Readonly<Record<string, string>> = {},
): RunningPython {
  const child = spawn('nice', ['-n', '19', python, join(SCRIPTS, script)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  })
  const ended = once(child, 'exit')
  if (child.pid === undefined) throw new Error(`${python} did not start`)
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  return {
    pid: child.pid,
    async line() {
      const { value, done } = await lines.next()
      if (done) throw new Error(`${python} ended`)
      return value
    },
    goOn: () => void child.stdin.write('\n'),
    async stop() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
