import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from './exporter.js'
import { type Child, start, stop, until } from './process.js'

/** What the reference workload says of itself over its measured period. */
export interface WorkloadReport {
  readonly record: string
  readonly seconds: number
  readonly rate: number
  readonly cpu_seconds: number
  readonly p: number
  readonly queue: number
}

export interface Workload {
  readonly child: Child
  /** Starts a new measured period. */
  reset(): void
  /** Ends it; what it measured since the last reset. */
  finish(): Promise<WorkloadReport>
}

let built: string | undefined

/** Builds the programs of test/workload once; returns the folder they are in. */
export function buildWorkload(): string {
  if (built === undefined) {
    built = mkdtempSync(join(tmpdir(), 'amdahl-workload-'))
    execFileSync('make', ['-s', '-C', join(ROOT, 'test/workload'), `OUT=${built}`], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  }
  return built
}

/** Starts the server of the workload under a command name of its own, which is its target's name. */
export async function startWorkload(name: string, args: readonly string[]): Promise<Workload> {
  const folder = buildWorkload()
  const file = join(folder, name)
  copyFileSync(join(folder, 'workload-server'), file)
  const child = start(file, ['--duration', '0', ...args])
  await until(`${name} is ready: ${child.stderr()}`, 10, () => child.stdout().includes('"ready"'))
  return {
    child,
    reset: () => child.kill('SIGUSR1'),
    async finish() {
      const status = await stop(child)
      const last = child.stdout().trim().split('\n').at(-1) ?? ''
      if (status !== 0) throw new Error(`${name} ended with ${status}: ${child.stderr()}`)
      return JSON.parse(last) as WorkloadReport
    },
  }
}

/** Starts the idle thread pool of the workload. */
export function startPool(name: string, args: readonly string[]): Child {
  const folder = buildWorkload()
  const file = join(folder, name)
  copyFileSync(join(folder, 'workload-pool'), file)
  return start(file, ['--duration', '0', ...args])
}
