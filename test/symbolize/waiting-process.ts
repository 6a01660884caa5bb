import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { UserStack } from '../../src/parse/trace-interval.js'
import { until } from '../e2e/support/process.js'

/** A thread that sleeps in a futex call. */
export interface Wait {
  readonly address: bigint
  readonly stack: UserStack
}

export interface Running {
  readonly pid: number
  /** The first line that it wrote. */
  readonly firstLine: string
  stop(): Promise<void>
}

const FUTEX = 202
/** As many as the tracing scripts take. */
const WORDS = 28

export const folder = mkdtempSync(join(tmpdir(), 'amdahl-symbolize-'))

/** Whether this process may read the memory of others. */
export function isRoot(): boolean {
  return process.geteuid?.() === 0
}

/** Compiles source text; the flags are those of most distributions' packages. */
export function compile(name: string, source: string, ...flags: readonly string[]): string {
  const file = join(folder, `${name}.${flags.includes('-xc++') ? 'cc' : 'c'}`)
  const program = join(folder, name)
  writeFileSync(file, source)
  const compiler = flags.includes('-xc++') ? 'g++' : 'gcc'
  execFileSync(compiler, [
    '-O2',
    '-pthread',
    '-o',
    program,
    file,
    ...flags.filter((flag) => flag !== '-xc++'),
  ])
  return program
}

/** Starts a program that writes a line when it is ready. */
export async function run(program: string, ...args: readonly string[]): Promise<Running> {
  const child: ChildProcess = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  if (!child.stdout || child.pid === undefined) throw new Error(`${program} did not start`)
  const lines = createInterface(child.stdout)
  const [firstLine] = (await once(lines, 'line')) as [string]
  return {
    pid: child.pid,
    firstLine,
    async stop() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Starts a program that sleeps; it is that program, and no longer the shell that has started it. */
export async function runAsleep(): Promise<Running> {
  const running = await run('sh', '-c', 'echo; exec sleep 60')
  await until('it sleeps', 10, () => readlinkSync(`/proc/${running.pid}/exe`).endsWith('/sleep'))
  return running
}

/** Waits of the threads of a process, from /proc/PID/task/TID/syscall; the frame pointer is not known there. */
export function readWaits(pid: number, words = WORDS): readonly Wait[] {
  const memory = openSync(`/proc/${pid}/mem`, 'r')
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
      const file = `/proc/${pid}/task/${thread}/syscall`
      const before = readFileSync(file, 'utf8')
      const fields = before.trim().split(' ')
      if (Number(fields[0]) !== FUTEX) return []
      const [address, sp, ip] = [fields[1], fields.at(-2), fields.at(-1)].map((field) =>
        BigInt(field ?? 0),
      ) as [bigint, bigint, bigint]
      const bytes = Buffer.alloc(words * 8)
      const count = readSync(memory, bytes, 0, bytes.length, sp)
      if (readFileSync(file, 'utf8') !== before) return []
      const stack = Array.from({ length: Math.floor(count / 8) }, (_, i) => bytes.readBigUInt64LE(i * 8))
      return [{ address, stack: { ip, sp, bp: 0n, words: stack } }]
    })
  } finally {
    closeSync(memory)
  }
}

/** Stacks by lock, when `locks` locks have been waited for. */
export async function collectWaits(
  pid: number,
  locks: number,
  words = WORDS,
): Promise<ReadonlyMap<bigint, readonly UserStack[]>> {
  const found = new Map<bigint, UserStack[]>()
  for (let attempt = 0; attempt < 2000; attempt += 1) {
    for (const { address, stack } of readWaits(pid, words)) {
      const stacks = found.get(address)
      if (!stacks) found.set(address, [stack])
      else if (stacks.length < 6) stacks.push(stack)
    }
    if (found.size >= locks) return found
    await new Promise((resolve) => setImmediate(resolve))
  }
  throw new Error(`saw waits for ${found.size} locks instead of ${locks}`)
}

/** Waits for a state that is reached soon. */
export async function settle(isReached: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 20_000; attempt += 1) {
    if (isReached()) return
    await new Promise((resolve) => setImmediate(resolve))
  }
  throw new Error('the state was not reached')
}
