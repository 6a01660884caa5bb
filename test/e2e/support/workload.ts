import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Exporter, ROOT } from './exporter.js'
import { type Child, sleep, start, stop, until } from './process.js'

/** What the reference workload says of itself over its measured period. */
export interface WorkloadReport {
  readonly record: string
  readonly seconds: number
  readonly rate: number
  readonly cpu_seconds: number
  readonly p: number
  readonly queue: number
  /** Share of the time in which its lock is held. */
  readonly held: number
}

export interface Workload {
  readonly child: Child
  /** Starts a new measured period. */
  reset(): void
  /** Ends it; what it measured since the last reset. */
  finish(): Promise<WorkloadReport>
}

/** A workload ends by itself, should the test die that would have ended it. */
const BOUND = ['--duration', '3600s']

/** Four threads that take jobs by themselves, with no pause between them. */
export function inlineJobs(p: string, demand: string): readonly string[] {
  return ['--inline', '--threads', '4', '--p', p, '--demand', demand]
}

let built: string | undefined

/** Debian's sources of the crate parking_lot. */
const CRATE = '/usr/share/doc/librust-parking-lot-dev'

/** Builds the programs of test/workload once, those that need what is not everywhere where it is; returns the folder they are in. */
export function buildWorkload(): string {
  if (built === undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'amdahl-workload-'))
    built = folder
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
    const hasRust = spawnSync('rustc', ['--version']).status === 0
    const hasMusl = spawnSync('musl-gcc', ['--version']).status === 0
    const hasCrates = existsSync(CRATE) && spawnSync('cargo', ['--version']).status === 0
    const hasGo = spawnSync('go', ['version']).status === 0
    const targets = [
      'all',
      ...(hasRust ? ['rust'] : []),
      ...(hasMusl ? ['musl'] : []),
      ...(hasCrates ? ['crates'] : []),
      ...(hasGo ? ['go'] : []),
    ]
    execFileSync('make', ['-s', '-C', join(ROOT, 'test/workload'), `OUT=${built}`, ...targets], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  }
  return built
}

/** Starts the server of the workload under a command name of its own, which is its target's name. */
export async function startWorkload(name: string, args: readonly string[]): Promise<Workload> {
  const child = start(programNamed(name, 'workload-server'), [...BOUND, ...args])
  return whenReady(name, child, child.kill)
}

/** The same in a pid namespace of its own, as in a container: there its process id is 1. */
export async function startWorkloadInNamespace(name: string, args: readonly string[]): Promise<Workload> {
  const file = programNamed(name, 'workload-server')
  const child = start('unshare', ['--pid', '--fork', '--kill-child', file, ...BOUND, ...args])
  return whenReady(name, child, (signal = 'SIGTERM') => {
    const inner = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')
    process.kill(Number(inner), signal)
  })
}

async function whenReady(name: string, child: Child, signal: Child['kill']): Promise<Workload> {
  await until(`${name} is ready: ${child.stderr()}`, 10, () => child.stdout().includes('"ready"'))
  return {
    child,
    reset: () => signal('SIGUSR1'),
    async finish() {
      signal('SIGTERM')
      return finalReport<WorkloadReport>(name, child)
    },
  }
}

/** The last line of a program, once it has ended well. */
async function finalReport<Report>(name: string, child: Child): Promise<Report> {
  const status = await child.exited
  if (status !== 0) throw new Error(`${name} ended with ${status}: ${child.stderr()}`)
  return JSON.parse(child.stdout().trim().split('\n').at(-1) ?? '') as Report
}

/** Seconds that programs side by side run, unless it is said, and those before their end at which they are looked at. */
const SIDE_BY_SIDE_SECONDS = 30
const LOOK_BEFORE_SECONDS = 2

/**
 * Runs programs of test/workload side by side, each a command under a name of
 * its own; what the exporter says of them shortly before they end, and what
 * each says of itself.
 */
export async function observe<Report>(
  exporter: Exporter,
  commands: Readonly<Record<string, string>>,
  seconds = SIDE_BY_SIDE_SECONDS,
) {
  const children = Object.entries(commands).map(([name, command]) => {
    const [program = '', ...args] = command.split(' ')
    return {
      name,
      child: start(programNamed(name, program), [...args, '--duration', `${seconds}s`]),
    }
  })
  try {
    await sleep((seconds - LOOK_BEFORE_SECONDS) * 1000)
    const scrape = await exporter.scrape()
    const reports = new Map<string, Report>()
    for (const { name, child } of children) reports.set(name, await finalReport<Report>(name, child))
    return { scrape, reports }
  } finally {
    await Promise.all(children.map(({ child }) => stop(child)))
  }
}

/** A copy of a program, or of a script, under another name; the same file each time. */
export function programNamed(name: string, program: string): string {
  const folder = buildWorkload()
  const file = join(folder, name)
  const original = join(/\.(?:py|rb|cjs)$/.test(program) ? join(ROOT, 'test/workload') : folder, program)
  if (!existsSync(file)) copyFileSync(original, file)
  return file
}

/** Starts the idle thread pool of the workload. */
export function startPool(name: string, args: readonly string[]): Child {
  return start(programNamed(name, 'workload-pool'), [...BOUND, ...args])
}
