import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { needs } from '../e2e/support/requirements.js'
import { buildWorkload } from '../e2e/support/workload.js'

interface Final {
  readonly seconds: number
  readonly jobs: number
  readonly cpu_seconds: number
  readonly p: number
  readonly queue: number
  readonly in_use: number
  readonly held: number
  readonly busiest_thread: number
}

/** On a machine that does other things too. Milliseconds. */
const BUILD_MS = 120_000
/** So short that all of them take some seconds; p is told by CPU time, which a loaded machine does not change. */
const DURATION = ['--duration', '150ms']
/** Clock readings and system calls are outside a lock. */
const TOLERANCE = 0.08

let folder = ''

/** @param command Its own duration comes after the short one, and counts. */
function run(command: string): Final {
  const [program = '', ...args] = command.split(' ')
  const output = execFileSync(join(folder, `workload-${program}`), [...DURATION, ...args], {
    encoding: 'utf8',
  })
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as Final
}

describe.skipIf(!needs('make', 'gcc'))('programs of known truth', () => {
  beforeAll(() => {
    folder = buildWorkload()
  }, BUILD_MS)

  const kinds = ['normal', 'recursive', 'errorcheck', 'adaptive', 'robust', 'inherit', 'timed', 'shared']
  test.each([
    ...[...kinds, 'rwlock', 'semaphore', 'monitor', 'stdio'].map(
      (kind) => [`kinds --kind ${kind}`, 0.4] as const,
    ),
    ['kinds --kind shared --processes 2 --threads 2', 0.4],
    ['shapes --shape one', 0.4],
    ['shapes --shape sleep --sleep-inside 1ms', 0.4],
    ['shapes --shape nested', 0.4],
    ['shapes --shape pipeline --threads 8 --inside 480us --outside 100us', 1 - 480 / 1020],
    ['shapes --shape three --inside 500us --outside 500us', 0.7],
    ['shapes --shape many', 0.4],
    ['churn --shape requests --rate 500 --duration 600ms', 0.4],
  ] as const)('%s: p = %f', (command, p) => {
    const final = run(command)
    expect(Math.abs(final.p - p)).toBeLessThan(TOLERANCE)
    expect(final.jobs).toBeGreaterThan(0)
    expect(final.held).toBeLessThan(1.05)
    expect(final.held).toBeGreaterThan(0.9 * final.in_use)
    expect(final.queue).toBeGreaterThan(0.9 * final.held)
  })

  test('a quarter of the writers, the stripes, the barrier: what is inside is a part of it', () => {
    expect(run('kinds --kind mostly-read').p).toBeGreaterThan(0.7)
    expect(run('shapes --shape stripes').p).toBeGreaterThan(0.85)
    expect(run('kinds --kind barrier').p).toBeCloseTo(1 - 600 / 2200, 1)
  })

  test('a sleep inside the lock counts as use', () => {
    const { in_use, p } = run('shapes --shape sleep --sleep-inside 5ms --inside 50us --outside 450us')
    expect(in_use).toBeGreaterThan(0.8)
    expect(p).toBeGreaterThan(0.7)
  })

  test('which thread works', () => {
    const share = (command: string) => run(`threads ${command}`).busiest_thread
    expect(share('--shape busy --threads 8 --inside 1ms --outside 5us')).toBeGreaterThan(0.7)
    // So light a load that a job waits for no other one, though the machine is full and it is preempted.
    expect(share('--shape lifo --load 0.05 --inside 1ms --duration 600ms')).toBeGreaterThan(0.6)
    expect(share('--shape pool --load 0.9 --inside 1ms')).toBeLessThan(0.6)
    expect(share('--shape loop --load 0.9 --inside 1ms --outside 500us --threads 3')).toBeGreaterThan(0.45)
  })

  test('each new thread that knocks makes one wait, until there were so many', () => {
    expect(run('churn --shape knocks --rate 5000 --requests 97').jobs).toBe(97)
  })

  test.each([
    ['kinds', ['--kind', 'spin']],
    ['kinds', ['--processes', '2']],
    ['shapes', ['--sleep-inside', '1ms']],
    ['threads', ['--shape', 'lifo']],
    ['churn', ['--load', '0.5']],
  ])('%s %j: one line, status 2', (program, args) => {
    const { status, stderr } = spawnSync(join(folder, `workload-${program}`), args, { encoding: 'utf8' })
    expect(status).toBe(2)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })
})
