import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { createSystemtapFrames } from '../../src/parse/systemtap-frames.js'
import type { FutexClass, LockTrace, ProcessTrace, TraceInterval } from '../../src/parse/trace-interval.js'
import { ROOT } from '../e2e/support/exporter.js'
import type { VirtualMachine } from './virtual-machine.js'

/** Each kind of wait is looked at for so long. */
const SECONDS = 2
const LOCKS: readonly (readonly [string, FutexClass])[] = [
  ['mutex', 'mutex'],
  ['timed', 'timed-mutex'],
  ['robust', 'robust-mutex'],
  ['pi', 'pi-mutex'],
  ['writers', 'rwlock'],
  ['semaphore', 'semaphore'],
]
/** Waits that look like one for a lock. */
const NO_LOCKS = ['permits', 'pool', 'timed-pool', 'token', 'crowd', 'barrier', 'private-word']
const OTHERS = ['shared', 'rwlock', 'asleep', 'preempted', 'long', 'processes', 'threads']

/** What the program says of itself. */
interface Truth {
  readonly kind: string
  readonly pid: number
  readonly cpu_seconds: number
  readonly inside_seconds: number
}

/** What the script saw of it. */
interface Seen {
  readonly truth: Truth
  readonly waits: ReadonlyMap<FutexClass, number>
  /** The lock that is waited for most; undefined if there is none. */
  readonly lock: LockTrace | undefined
}

/** Compiles waits.c into a folder. */
export function buildWaits(folder: string): void {
  const sources = ['test/systemtap-vm/waits.c', 'test/workload/workload.c']
  const flags = ['-std=c11', '-D_GNU_SOURCE', '-pthread', '-O2', '-Wall', '-Wextra', '-Itest/workload']
  execFileSync('gcc', [...flags, '-o', join(folder, 'waits'), ...sources, '-lm'], { cwd: ROOT })
}

/** Tests of what the script prints about waits of every kind, one kind after the other. */
export function testWaits(machine: () => VirtualMachine, module: string): void {
  let intervals: readonly TraceInterval[]
  let seen: ReadonlyMap<string, Seen>

  beforeAll(async () => {
    const kinds = [...LOCKS.map(([kind]) => kind), ...NO_LOCKS, ...OTHERS].join(' ')
    const truths = await machine().out(
      `staprun ${module} interval_ms=1000 sample_hz=99 >/tmp/frames & tracer=$!; sleep 2; ` +
        `for kind in ${kinds}; do /payload/bin/waits $kind ${SECONDS}; done; ` +
        'sleep 1.2; kill $tracer; wait $tracer; true',
    )
    const frames = createSystemtapFrames()
    const records = (await machine().out('cat /tmp/frames')).split('\n').map(frames.push)
    expect(records.filter((record) => record !== undefined && 'kind' in record)).toEqual([])
    intervals = records.filter((record) => record !== undefined && 'processes' in record)
    seen = new Map(
      truths.split('\n').map((line) => {
        const truth = JSON.parse(line) as Truth
        return [truth.kind, look(truth, intervals)]
      }),
    )
  })

  const of = (kind: string) => {
    const found = seen.get(kind)
    if (found === undefined) throw new Error(`no kind ${kind}`)
    return found
  }
  const lockOf = (kind: string) => {
    const { lock } = of(kind)
    if (lock === undefined) throw new Error(`no lock was seen of ${kind}`)
    return lock
  }

  describe.each(LOCKS)('a lock: %s', (kind, futexClass) => {
    test(`its waits are of class ${futexClass}`, () => {
      const { waits, lock } = of(kind)
      expect((waits.get(futexClass) ?? 0) / total([...waits.values()])).toBeGreaterThan(0.9)
      // Of four threads one is inside and one outside, or two where an emulated CPU stands still.
      expect(lock?.queueSeconds).toBeGreaterThan(SECONDS / 2)
    })
  })

  test('the owner of a lock is inside for half of the CPU time, whatever the class', () => {
    // A thread that waits for a PI mutex may spin in the kernel: more of the CPU time is outside.
    const pi = lockOf('pi')
    expect(pi.ownedSamples / pi.watchedSamples).toBeGreaterThan(0.1)
    expect(pi.ownedSamples / pi.watchedSamples).toBeLessThan(0.6)
    const locks = ['mutex', 'timed', 'robust', 'writers'].map(lockOf)
    const watched = locks.map(({ watchedSamples }) => watchedSamples)
    const owned = locks.map(({ ownedSamples }) => ownedSamples)
    expect(total(owned) / total(watched)).toBeGreaterThan(0.42)
    expect(total(owned) / total(watched)).toBeLessThan(0.58)
    // Each has few samples, and emulated CPUs stand still where the machine has other work.
    for (const [index, samples] of watched.entries()) {
      expect(samples).toBeGreaterThan(50)
      expect((owned[index] ?? 0) / samples).toBeGreaterThan(0.3)
      expect((owned[index] ?? 0) / samples).toBeLessThan(0.7)
    }
  })

  test.each(NO_LOCKS)('no lock: %s', (kind) => {
    const classes = new Set(of(kind).waits.keys())
    expect(classes).toContain('other')
    classes.delete('other')
    // Of the mutex that goes with a condition variable.
    classes.delete('mutex')
    expect([...classes]).toEqual([])
  })

  test('a read-write lock is one lock, owned by its writers', () => {
    const { lock, truth, waits } = of('rwlock')
    expect(waits.get('rwlock')).toBeGreaterThan(100)
    const { ownedSamples = 0, watchedSamples = 0 } = lock ?? {}
    const error = ownedSamples / watchedSamples - truth.inside_seconds / truth.cpu_seconds
    expect(Math.abs(error)).toBeLessThan(0.06)
  })

  test('an owner that sleeps is told from one that waits for a CPU', () => {
    const asleep = lockOf('asleep')
    expect(asleep.ownerOffCpuSamples).toBeGreaterThan(50)
    expect(asleep.ownerAsleepSamples / asleep.ownerOffCpuSamples).toBeGreaterThan(0.9)
    const preempted = lockOf('preempted')
    expect(preempted.ownerOffCpuSamples).toBeGreaterThan(20)
    expect(preempted.ownerAsleepSamples / preempted.ownerOffCpuSamples).toBeLessThan(0.1)
  })

  test('the owner is looked at while the first wait lasts', () => {
    const { waits, ownedSamples, watchedSamples } = lockOf('long')
    expect(waits).toBeLessThan(3)
    expect(ownedSamples / watchedSamples).toBeGreaterThan(0.9)
  })

  test('an owner in another process is seen', () => {
    const { heldSamples, watchedSamples } = lockOf('shared')
    expect(heldSamples / watchedSamples).toBeGreaterThan(0.3)
  })

  test('samples of threads are those of their process', () => {
    for (const { processes } of intervals) {
      for (const { cpuSamples, threads } of processes.values()) {
        expect(total([...threads.values()])).toBe(cpuSamples)
      }
    }
  })

  test('nothing but what skipped probes would have seen is lost', () => {
    const waits = [...seen.values()].flatMap((kind) => [...kind.waits.values()])
    expect(total(intervals.map(({ lostEvents }) => lostEvents))).toBeLessThan(0.01 * total(waits))
  })
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0)
}

function look(truth: Truth, intervals: readonly TraceInterval[]): Seen {
  const own = intervals.flatMap(({ processes }) => processes.get(truth.pid) ?? [])
  const waits = new Map<FutexClass, number>()
  for (const process of own) {
    for (const [futexClass, totals] of process.waits) {
      waits.set(futexClass, (waits.get(futexClass) ?? 0) + totals.waits)
    }
  }
  return { truth, waits, lock: busiestLock(own) }
}

function busiestLock(processes: readonly ProcessTrace[]): LockTrace | undefined {
  const sums = new Map<bigint, LockTrace>()
  for (const lock of processes.flatMap(({ locks }) => locks)) {
    const sum = sums.get(lock.address)
    sums.set(lock.address, sum ? add(sum, lock) : lock)
  }
  return [...sums.values()].sort((a, b) => b.queueSeconds - a.queueSeconds)[0]
}

function add(a: LockTrace, b: LockTrace): LockTrace {
  return {
    address: a.address,
    futexClass: a.futexClass,
    waits: a.waits + b.waits,
    waitSeconds: a.waitSeconds + b.waitSeconds,
    queueSeconds: a.queueSeconds + b.queueSeconds,
    contendedSeconds: a.contendedSeconds + b.contendedSeconds,
    handOverSeconds: a.handOverSeconds + b.handOverSeconds,
    watchedSamples: a.watchedSamples + b.watchedSamples,
    ownedSamples: a.ownedSamples + b.ownedSamples,
    ownedAtLeast: a.ownedAtLeast + b.ownedAtLeast,
    ownedAtMost: a.ownedAtMost + b.ownedAtMost,
    heldSamples: a.heldSamples + b.heldSamples,
    ownerOffCpuSamples: a.ownerOffCpuSamples + b.ownerOffCpuSamples,
    ownerAsleepSamples: a.ownerAsleepSamples + b.ownerAsleepSamples,
  }
}
