import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { ParseError } from '../../src/parse/parse-error.js'
import type { TraceInterval } from '../../src/parse/trace-interval.js'
import type { TracerBackend } from '../../src/tracer/backend.js'
import { createBpftraceBackend } from '../../src/tracer/bpftrace.js'
import { createNoneBackend } from '../../src/tracer/none.js'
import { createStartWatch } from '../../src/tracer/start-watch.js'
import { createSupervisor } from '../../src/tracer/supervisor.js'
import type { TracerStatus } from '../../src/tracer/tracer-status.js'
import { FRAMES, shellTracer } from './shell-tracer.js'

function supervise(
  backend: TracerBackend | readonly TracerBackend[],
  intervalSeconds = 1,
  watchStart = createStartWatch(() => undefined),
) {
  const intervals: TraceInterval[] = []
  const errors: ParseError[] = []
  const states: TracerStatus[] = []
  const supervisor = createSupervisor(
    [backend].flat(),
    { intervalSeconds, sampleHz: 99 },
    {
      onInterval: (interval) => intervals.push(interval),
      onRejectedLine: (error) => errors.push(error),
      onState: (status) => states.push(status),
    },
    watchStart,
  )
  return { supervisor, intervals, errors, states }
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries += 1) {
    if (tries > 2000) throw new Error('not within 20 s')
    await sleep(10)
  }
}

describe('the supervisor', () => {
  test('hands on intervals, and ends the tracer when told to', async () => {
    const { supervisor, intervals, states } = supervise(shellTracer('cat "$1"; exec sleep 100'))
    supervisor.start()
    await until(() => intervals.length === FRAMES)
    expect(supervisor.status()).toMatchObject({ state: 'running', version: '1.0.0', restarts: 0 })
    const { pid } = supervisor.status()
    await supervisor.stop()
    expect(states.at(-1)?.state).toBe('stopped')
    expect(() => process.kill(pid ?? 0, 0)).toThrow('ESRCH')
  })

  test('ends a tracer that ignores SIGINT', async () => {
    const { supervisor, intervals } = supervise(
      shellTracer('trap "" INT TERM; cat "$1"; while :; do sleep 1; done'),
    )
    supervisor.start()
    await until(() => intervals.length === FRAMES)
    const begin = performance.now()
    await supervisor.stop()
    expect(performance.now() - begin).toBeLessThan(8000)
  })

  test('ends a tracer that has only just been started', async () => {
    const { supervisor } = supervise(shellTracer('exec sleep 100'))
    supervisor.start()
    await until(() => supervisor.status().state === 'starting')
    await supervisor.stop()
    expect(supervisor.status()).toMatchObject({ state: 'stopped', pid: undefined })
  })

  test('starts a tracer that died again, with the end of its standard error as the reason', async () => {
    const { supervisor, states } = supervise(shellTracer('echo first >&2; echo out of memory >&2; exit 3'))
    supervisor.start()
    await until(() => supervisor.status().restarts === 1)
    expect(states.find(({ state }) => state === 'backoff')?.reason).toBe(
      'shell: first\nout of memory; next start in 1 s',
    )
    expect(states.map(({ state }) => state)).toContain('starting')
    await supervisor.stop()
  })

  test('survives whatever is printed, in bounded memory', async () => {
    const garbage =
      'head -c 20000000 /dev/urandom; head -c 20000000 /dev/zero >&2; echo; cat "$1"; exec sleep 100'
    const { supervisor, intervals, errors } = supervise(shellTracer(garbage))
    const before = process.memoryUsage.rss()
    supervisor.start()
    await until(() => intervals.length === FRAMES)
    expect(errors.length).toBeGreaterThan(1000)
    expect(process.memoryUsage.rss() - before).toBeLessThan(150e6)
    await supervisor.stop()
  })

  test('ends a tracer that has stopped printing', async () => {
    const { supervisor, states } = supervise(shellTracer('cat "$1"; exec sleep 100'), 0.01)
    supervisor.start()
    await until(() => states.some(({ state }) => state === 'backoff'))
    expect(states.find(({ state }) => state === 'backoff')?.reason).toMatch(
      /^shell printed no interval and was ended/,
    )
    await supervisor.stop()
  })

  test('says of a tracer that works on its start for long that it does, until the first interval', async () => {
    let seconds = 0
    const watchStart = createStartWatch(() => (seconds += 1), { lookMs: 10, idleMs: 20, mostMs: 120_000 })
    const { supervisor, intervals, states } = supervise(
      shellTracer('sleep 0.3; cat "$1"; exec sleep 100'),
      1,
      watchStart,
    )
    supervisor.start()
    await until(() => intervals.length === FRAMES)
    expect(states.map(({ state, reason }) => reason ?? state)).toContain(
      'shell is still starting: it uses CPU time, and is ended if it has given no interval after 2 minutes',
    )
    expect(supervisor.status()).toMatchObject({ state: 'running', reason: undefined, restarts: 0 })
    await supervisor.stop()
  })

  test('does not start what cannot run, and says why', async () => {
    const backend = shellTracer('exit 1', { check: async () => ({ problem: 'no shell: install one' }) })
    const { supervisor, states } = supervise(backend)
    supervisor.start()
    await until(() => supervisor.status().state === 'unavailable')
    expect(supervisor.status().reason).toBe('no shell: install one')
    await supervisor.stop()
    expect(states.some(({ state }) => state === 'starting')).toBe(false)
  })
})

describe('several back ends', () => {
  const broken = shellTracer('exit 1', { name: 'broken', check: async () => ({ problem: 'out of order' }) })

  test('the first that can run is the one that runs', async () => {
    const working = shellTracer('cat "$1"; exec sleep 100')
    const { supervisor, intervals } = supervise([broken, working, shellTracer('exit 1', { name: 'third' })])
    supervisor.start()
    await until(() => intervals.length === FRAMES)
    expect(supervisor.status()).toMatchObject({ backend: 'shell', state: 'running' })
    await supervisor.stop()
  })

  test('where none can run, each says why', async () => {
    const other = shellTracer('exit 1', { name: 'other', check: async () => ({ problem: 'not installed' }) })
    const { supervisor } = supervise([broken, other])
    supervisor.start()
    await until(() => supervisor.status().state === 'unavailable')
    expect(supervisor.status().reason).toBe('broken: out of order; other: not installed')
    await supervisor.stop()
  })

  test('one that gives no interval makes room for the next', async () => {
    const working = shellTracer('cat "$1"; exec sleep 100', { name: 'working' })
    const { supervisor, intervals, states } = supervise([shellTracer('echo no >&2; exit 1'), working])
    supervisor.start()
    await until(() => intervals.length === FRAMES)
    expect(states.find(({ state }) => state === 'backoff')).toMatchObject({ backend: 'shell' })
    expect(supervisor.status()).toMatchObject({ backend: 'working', state: 'running' })
    await supervisor.stop()
  })
})

describe('without a tracer', () => {
  const without = createNoneBackend(process.hrtime.bigint)

  test('intervals come all the same, and the status says why no tracer runs', async () => {
    const broken = shellTracer('exit 1', { check: async () => ({ problem: 'needs root' }) })
    const { supervisor, intervals, states } = supervise([broken, without], 0.01)
    supervisor.start()
    await until(() => intervals.length === 2)
    expect(intervals[0]).toMatchObject({ isUntraced: true })
    expect(supervisor.status()).toEqual({
      backend: 'none',
      version: undefined,
      state: 'running',
      reason: 'needs root',
      pid: undefined,
      restarts: 0,
    })
    await supervisor.stop()
    expect(states.map(({ state }) => state)).toEqual(['starting', 'running', 'stopped'])
  })

  test('as asked for, there is no reason', async () => {
    const { supervisor, intervals } = supervise(without, 0.01)
    supervisor.start()
    await until(() => intervals.length === 1)
    expect(supervisor.status()).toMatchObject({ backend: 'none', state: 'running', reason: undefined })
    await supervisor.stop()
  })

  test('a tracer that always fails at its start makes room for it', async () => {
    const { supervisor, intervals, states } = supervise(
      [shellTracer('echo no BPF >&2; exit 1'), without],
      0.01,
    )
    supervisor.start()
    await until(() => intervals.length === 1)
    expect(states.filter(({ state }) => state === 'backoff')).toHaveLength(3)
    expect(supervisor.status()).toMatchObject({ backend: 'none', state: 'running', reason: 'shell: no BPF' })
    await supervisor.stop()
  })
})

describe('a back end that has something to prepare', () => {
  const check = async () => ({ version: '1', preparation: 'building' })

  test('is prepared and cleaned up before a run, and cleaned up after it', async () => {
    const calls: string[] = []
    const note = (name: string) => async () => void calls.push(name)
    const backend = shellTracer('cat "$1"', { check, prepare: note('prepare'), cleanUp: note('clean up') })
    const { supervisor, states } = supervise(backend)
    supervisor.start()
    await until(() => supervisor.status().state === 'backoff')
    expect(states.find(({ state }) => state === 'preparing')?.reason).toBe('building')
    expect(calls).toEqual(['prepare', 'clean up', 'clean up'])
    await supervisor.stop()
  })

  test.each(['prepare', 'cleanUp'] as const)('is not started when %s fails, and says why', async (step) => {
    const { supervisor, states } = supervise(
      shellTracer('cat "$1"', { check, [step]: async () => ({ problem: 'no luck' }) }),
    )
    supervisor.start()
    await until(() => supervisor.status().state === 'backoff')
    expect(supervisor.status().reason).toBe('no luck; next start in 1 s')
    expect(states.some(({ state }) => state === 'starting')).toBe(false)
    await supervisor.stop()
  })

  test('gives up preparing when it is told to stop', async () => {
    const prepare = (signal: AbortSignal) =>
      new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined)))
    const { supervisor } = supervise(shellTracer('cat "$1"', { check, prepare }))
    supervisor.start()
    await until(() => supervisor.status().state === 'preparing')
    await supervisor.stop()
    expect(supervisor.status().state).toBe('stopped')
  })
})

describe('bpftrace', () => {
  const backend = createBpftraceBackend({ isRoot: true, capabilities: undefined })

  test('is asked for the interval and the frequency, without a shell', () => {
    const { file, args, env } = backend.command({ intervalSeconds: 0.5, sampleHz: 49 })
    const types = '/sys/kernel/btf/vmlinux'
    expect(env.BPFTRACE_BTF).toBe(existsSync(types) ? types : undefined)
    expect(file).toMatch(/(?:^|\/)bpftrace$/)
    expect(args.slice(-2)).toEqual(['500', '49'])
    expect(readFileSync(args.at(-3) ?? '', 'utf8')).toContain('interval:ms:$1')
  })

  test.each([
    ['ERROR: Error loading program: interval: Operation not permitted', /may not load BPF programs here/],
    ["futex.bt:120:3-20: ERROR: Unknown struct/union: 'struct task_struct'", /CONFIG_DEBUG_INFO_BTF/],
    [
      "ERROR: couldn't set RLIMIT_MEMLOCK for bpftrace.\nERROR: out of luck",
      /^bpftrace: ERROR: out of luck$/,
    ],
    ['', /ended without a message/],
  ])('explains %j', (stderr, explanation) => {
    expect(backend.explainExit(stderr)).toMatch(explanation)
  })
})
