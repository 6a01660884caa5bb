import { expect, test } from 'vitest'
import type { ParseError } from '../../src/parse/parse-error.js'
import type { TraceInterval } from '../../src/parse/trace-interval.js'
import { createStartWatch, type StartLimits } from '../../src/tracer/start-watch.js'
import { runTracer } from '../../src/tracer/tracer-run.js'
import { FRAMES, shellTracer } from './shell-tracer.js'

/** Times so short that a test does not wait. */
const SHORT: StartLimits = { lookMs: 10, idleMs: 20, mostMs: 300 }

/** Runs it; what it says, and what it is told. */
async function run(
  script: string,
  {
    intervalSeconds = 1,
    signal = new AbortController().signal,
    onInterval = () => {},
    watchStart = createStartWatch(() => undefined),
  } = {},
) {
  const intervals: TraceInterval[] = []
  const errors: ParseError[] = []
  let pid: number | undefined
  const slow: number[] = []
  const reason = await runTracer(
    shellTracer(script),
    { intervalSeconds, sampleHz: 99 },
    {
      onStart(started) {
        pid = started
      },
      onSlowStart: (mostMs) => slow.push(mostMs),
      onInterval(interval) {
        intervals.push(interval)
        onInterval()
      },
      onRejectedLine: (error) => errors.push(error),
    },
    signal,
    watchStart,
  )
  return { intervals, errors, pid, slow, reason }
}

/** A second of CPU time at each look. */
function working(pids = new Set<number>()): (pid: number) => number {
  let seconds = 0
  return (pid) => {
    pids.add(pid)
    seconds += 1
    return seconds
  }
}

test('hands on what is printed, and says why it ended', async () => {
  const { intervals, errors, pid, reason } = await run('cat "$1"; echo nonsense; echo bye >&2')
  expect(intervals).toHaveLength(FRAMES ?? Number.NaN)
  expect(errors).toHaveLength(1)
  expect(pid).toBeGreaterThan(0)
  expect(reason).toBe('shell: bye')
})

test('explains an exit by the end of standard error', async () => {
  const { reason } = await run('head -c 100000 /dev/zero | tr "\\0" x >&2; echo out of memory >&2')
  expect(reason).toMatch(/^shell: x+out of memory$/)
  expect(reason.length).toBeLessThan(4200)
})

test('says by what signal it was ended', async () => {
  expect((await run('kill -TERM $$')).reason).toBe('shell was ended by SIGTERM')
})

test('ends one that has stopped printing', async () => {
  const { reason } = await run('cat "$1"; exec sleep 100', { intervalSeconds: 0.01 })
  expect(reason).toBe('shell printed no interval and was ended')
})

test('ends one that gives no interval and does not work', async () => {
  const { reason, slow } = await run('exec sleep 100', { watchStart: createStartWatch(() => 0, SHORT) })
  expect(reason).toBe('shell printed no interval and was ended')
  expect(slow).toEqual([])
})

test('gives one that works more time', async () => {
  const pids = new Set<number>()
  const watchStart = createStartWatch(working(pids), { ...SHORT, mostMs: 20_000 })
  const { intervals, pid, reason, slow } = await run('sleep 0.3; cat "$1"; echo bye >&2', { watchStart })
  expect(intervals).toHaveLength(FRAMES ?? Number.NaN)
  expect(reason).toBe('shell: bye')
  expect(slow).toEqual([20_000])
  expect([...pids]).toEqual([pid])
})

test('ends one that works and never gives an interval', async () => {
  const { reason, slow } = await run('exec sleep 100', { watchStart: createStartWatch(working(), SHORT) })
  expect(reason).toBe('shell printed no interval and was ended')
  expect(slow).toEqual([300])
})

test('does not watch the start of one that has given an interval', async () => {
  let looks = 0
  let looksBefore = 0
  const { reason } = await run('sleep 0.3; cat "$1"; sleep 0.3; echo bye >&2', {
    watchStart: createStartWatch(() => looks++, { ...SHORT, mostMs: 20_000 }),
    onInterval() {
      looksBefore = looks
    },
  })
  expect(reason).toBe('shell: bye')
  expect(looks).toBeGreaterThan(0)
  expect(looks).toBe(looksBefore)
})

test('ends one that is told to by SIGINT', async () => {
  const stopping = new AbortController()
  const { reason } = await run('trap "echo told to >&2; exit" INT; cat "$1"; while :; do sleep 0.1; done', {
    signal: stopping.signal,
    onInterval: () => stopping.abort(),
  })
  expect(reason).toBe('shell: told to')
})

test('is ended at once where it was told to before', async () => {
  const { intervals } = await run('exec sleep 100', { signal: AbortSignal.abort() })
  expect(intervals).toEqual([])
})
