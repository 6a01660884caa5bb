import { afterEach, expect, test } from 'vitest'
import type { InterpreterLock, TraceInterval } from '../../src/parse/trace-interval.js'
import type { TracerBackend } from '../../src/tracer/backend.js'
import { createNoneBackend } from '../../src/tracer/none.js'
import { createStartWatch } from '../../src/tracer/start-watch.js'
import { createTracer, type Tracer } from '../../src/tracer/tracer.js'
import { until } from '../e2e/support/process.js'
import { recordLog } from '../support/log.js'

const SECOND = 1_000_000_000n

/** A tracer that is a shell command: a line with a number is an interval that lost so many events. */
function shellTracer(script: string): TracerBackend {
  return {
    name: 'shell',
    deathSignal: 'KILL',
    check: async () => ({ version: '1.0.0' }),
    command: () => ({ file: 'sh', args: ['-c', script], env: {} }),
    createParser: () => ({
      push: (
        line,
      ): TraceInterval | { kind: 'error'; code: 'BAD_INTEGER'; column: number; message: string } =>
        /^\d+$/.test(line)
          ? { beginNs: 0n, endNs: SECOND, lostEvents: Number(line), processes: new Map(), stacks: [] }
          : { kind: 'error', code: 'BAD_INTEGER', column: 3, message: `no number: ${line}` },
    }),
    explainExit: () => 'the shell ended',
  }
}

let tracer: Tracer | undefined
afterEach(() => tracer?.stop())

function run(script: string, watchStart = createStartWatch(() => undefined)) {
  const log = recordLog()
  let nowNs = 0n
  const intervals: TraceInterval[] = []
  let interruptions = 0
  const created = createTracer(
    [shellTracer(script)],
    { intervalSeconds: 2, sampleHz: 99 },
    {
      logger: log.logger,
      monotonicNs: () => nowNs,
      onInterval: (interval) => intervals.push(interval),
      onInterruption: () => {
        interruptions += 1
      },
      watchStart,
    },
  )
  tracer = created
  created.start()
  return {
    tracer: created,
    intervals,
    interruptions: () => interruptions,
    log: log.text,
    pass: (ns: bigint) => {
      nowNs += ns
    },
  }
}

test('hands on intervals, and counts what is lost and refused', async () => {
  const { tracer, intervals, log } = run('for i in 1 2 3 x x x x x x 4; do echo $i; done; exec sleep 100')
  await until('all is read', 10, async () => intervals.length === 4)
  expect(tracer.lostEvents()).toBe(10)
  expect(tracer.rejectedLines('BAD_INTEGER')).toBe(6)
  expect(tracer.rejectedLines('LINE_TOO_LONG')).toBe(0)
  expect(
    log().match(/level=warn msg="tracer line refused: no number: x" code=BAD_INTEGER column=3/g),
  ).toHaveLength(5)
  expect(tracer.status()).toMatchObject({ state: 'running', backend: 'shell', version: '1.0.0' })
})

test('does not run, for others, once it has stopped delivering', async () => {
  const { tracer, intervals, interruptions, pass } = run('echo 0; exec sleep 100')
  await until('it runs', 10, async () => intervals.length === 1)
  pass(5n * SECOND)
  expect(tracer.delivers()).toBe(true)
  pass(1n)
  expect(tracer.delivers()).toBe(false)
  expect(tracer.status()).toMatchObject({
    state: 'starting',
    reason: 'the tracer runs but has stopped delivering intervals',
  })
  expect(interruptions()).toBe(0)
})

test('says when it ends that what follows does not continue what was before, and logs each state once', async () => {
  const { tracer, interruptions, log } = run('echo 0; sleep 0.2; exit 1')
  expect(tracer.delivers()).toBe(false)
  await until('it runs again', 20, async () => tracer.status().restarts === 1)
  await until('it ends again', 20, async () => interruptions() === 2)
  expect(tracer.delivers()).toBe(false)
  expect(log().match(/msg=tracer backend=shell state=running/g)).toHaveLength(2)
  expect(log()).toMatch(
    /level=warn msg="tracer does not run" backend=shell state=backoff reason="the shell ended; next start in 1 s"/,
  )
})

test('a tracer that can run by now takes over from what stands in for it: that is an interruption, and no restart', async () => {
  const log = recordLog()
  let problem: string | undefined = 'needs root'
  let interruptions = 0
  const intervals: TraceInterval[] = []
  const check = async () => (problem === undefined ? { version: '1.0.0' } : { problem })
  const created = createTracer(
    [{ ...shellTracer('echo 0; exec sleep 100'), check }, createNoneBackend(process.hrtime.bigint)],
    { intervalSeconds: 0.02, sampleHz: 99 },
    {
      logger: log.logger,
      monotonicNs: () => 0n,
      onInterval: (interval) => intervals.push(interval),
      onInterruption: () => {
        interruptions += 1
      },
      watchStart: createStartWatch(() => undefined),
      waits: { unavailableMs: 10, standInMs: 10, failedMs: 10 },
    },
  )
  tracer = created
  created.start()
  await until('it does without', 10, () => intervals.length > 1)
  expect(created.status()).toMatchObject({ backend: 'none', state: 'running', reason: 'needs root' })
  expect(created.delivers()).toBe(true)
  expect(interruptions).toBe(0)
  problem = undefined
  await until('the tracer runs', 10, () => created.status().backend === 'shell' && created.delivers())
  expect(created.status()).toMatchObject({ state: 'running', reason: undefined, restarts: 0 })
  expect(interruptions).toBe(1)
  const seen = intervals.length
  expect(intervals.at(-1)?.isUntraced).toBeUndefined()
  expect(intervals.slice(0, seen - 1).every(({ isUntraced }) => isUntraced)).toBe(true)
  expect(log.text().match(/level=warn/g)).toHaveLength(1)
  expect(log.text()).toMatch(
    /level=warn msg="no tracer runs: locks are not seen" backend=none reason="needs root"/,
  )
})

const lock: InterpreterLock = {
  pid: 7,
  kind: 'gil',
  address: 0x7000n,
  threadIdOffset: 152,
  nativeThreadOffset: 0,
}

test('tells the tracer that runs of a lock; one that starts anew is told once more', async () => {
  const told: InterpreterLock[] = []
  let intervals = 0
  const runs: number[] = []
  const created = createTracer(
    [
      {
        ...shellTracer('sleep 0.2; echo 0; sleep 0.2; exit 1'),
        tell: (one: InterpreterLock) => told.push(one) > 0,
      },
    ],
    { intervalSeconds: 2, sampleHz: 99 },
    {
      logger: recordLog().logger,
      monotonicNs: () => 0n,
      onInterval: () => {
        intervals += 1
      },
      onInterruption: () => undefined,
      onRunning() {
        runs.push(intervals)
        expect(created.tell(lock)).toBe(true)
      },
      watchStart: createStartWatch(() => undefined),
    },
  )
  tracer = created
  expect(created.tell(lock)).toBe(false)
  created.start()
  await until('it runs again', 20, async () => intervals === 2)
  // Each time before the first interval is handed on.
  expect(runs).toEqual([0, 1])
  expect(told).toEqual([lock, lock])
})

test('one that cannot be told says so', async () => {
  const { tracer: shell, intervals } = run('echo 0; exec sleep 100')
  await until('it runs', 10, async () => intervals.length === 1)
  expect(shell.tell(lock)).toBe(false)
})

test('is stopped before its first interval without an interruption', async () => {
  const { tracer, interruptions } = run('exec sleep 100')
  await until('it starts', 10, async () => tracer.status().pid !== undefined)
  await tracer.stop()
  expect(interruptions()).toBe(0)
  expect(tracer.status().state).toBe('stopped')
})

test('logs that it works on its start for long, as no trouble', async () => {
  let seconds = 0
  const watchStart = createStartWatch(() => (seconds += 1), { lookMs: 10, idleMs: 20, mostMs: 120_000 })
  const { tracer, log } = run('sleep 0.3; echo 0; exec sleep 100', watchStart)
  await until('it runs', 10, async () => tracer.delivers())
  expect(log()).toMatch(
    /level=info msg=tracer backend=shell state=starting .*reason="shell is still starting: /,
  )
  expect(tracer.status()).toMatchObject({ state: 'running', reason: undefined })
})
