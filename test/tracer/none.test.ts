import { expect, test } from 'vitest'
import type { TraceInterval } from '../../src/parse/trace-interval.js'
import { createNoneBackend } from '../../src/tracer/none.js'
import { until } from '../e2e/support/process.js'

test('its intervals follow each other without a gap, and have nothing in them', async () => {
  const intervals: TraceInterval[] = []
  const ending = new AbortController()
  const run = createNoneBackend(process.hrtime.bigint).run(
    { intervalSeconds: 0.01, sampleHz: 99 },
    (interval) => intervals.push(interval),
    ending.signal,
  )
  await until('three intervals', 10, () => intervals.length >= 3)
  ending.abort()
  await run
  const ended = intervals.length
  for (const [index, interval] of intervals.entries()) {
    expect(interval).toMatchObject({ lostEvents: 0, isUntraced: true, stacks: [] })
    expect(interval.processes.size).toBe(0)
    expect(interval.endNs).toBeGreaterThan(interval.beginNs)
    if (index > 0) expect(interval.beginNs).toBe(intervals[index - 1]?.endNs)
  }
  expect(intervals).toHaveLength(ended)
})

test('one that is to end before it begins gives none', async () => {
  const run = createNoneBackend(() => 0n).run(
    { intervalSeconds: 0.001, sampleHz: 99 },
    () => expect.unreachable(),
    AbortSignal.abort(),
  )
  await expect(run).resolves.toBeUndefined()
})
