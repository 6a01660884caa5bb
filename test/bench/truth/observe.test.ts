import { expect, test } from 'vitest'
import { between, type Observation, observe } from './observe.js'
import { truthOf } from './truth.js'

test('this process has threads and CPU time', () => {
  const now = observe(process.pid)
  expect(now.threads.get(process.pid)?.ranNs).toBeGreaterThan(0)
  expect(now.cpuSeconds).toBeGreaterThan(0)
  expect(now.allTicks).toBeGreaterThan(now.busyTicks)
})

test('a process that is gone has nothing', () => {
  const gone = observe(2 ** 22 + 1)
  expect(gone.threads.size).toBe(0)
  expect(gone.cpuSeconds).toBe(0)
})

const BEFORE: Observation = {
  atMs: 1000,
  cpuSeconds: 5,
  threads: new Map([
    [1, { ranNs: 4e9, waitedNs: 0 }],
    [2, { ranNs: 1e9, waitedNs: 0 }],
  ]),
  busyTicks: 1000,
  allTicks: 2000,
}
/** Ten seconds later, 2 CPUs at half load: thread 2 ran for 6 s, a new one for 2 s. */
const AFTER: Observation = {
  atMs: 11_000,
  cpuSeconds: 13,
  threads: new Map([
    [1, { ranNs: 4e9, waitedNs: 0 }],
    [2, { ranNs: 7e9, waitedNs: 1.5e9 }],
    [3, { ranNs: 2e9, waitedNs: 0 }],
  ]),
  busyTicks: 2000,
  allTicks: 4000,
}

test('the busiest thread is that of the time between', () => {
  expect(between(BEFORE, AFTER)).toEqual({
    seconds: 10,
    cpuSeconds: 8,
    threads: 3,
    busiestRan: 6,
    busiestWanted: 7.5,
    machineUtilization: 0.5,
  })
})

test('what is true of a thread: 1 less its share, in use while it runs, or wants to', () => {
  const truth = truthOf({ about: 'thread' }, between(BEFORE, AFTER), undefined, 60)
  expect(truth.p).toBeCloseTo(0.25, 12)
  expect(truth.inUse).toEqual({ least: 0.6, most: 0.75 })
  expect(truth.samples).toBeCloseTo(99 * 0.8 * 10, 9)
})

test('what is true of a lock: what the program says', () => {
  const report = { seconds: 10, cpu_seconds: 8, p: 0.4, queue: 2, in_use: 0.5, held: 0.6 }
  const truth = truthOf({ about: 'lock' }, between(BEFORE, AFTER), report, 5)
  expect(truth).toMatchObject({ p: 0.4, queue: 2, inUse: { least: 0.5, most: 0.6 }, busyCpus: 0.8 })
  expect(truth.samples).toBeCloseTo(99 * 0.8 * 5, 9)
  expect(() => truthOf({ about: 'lock' }, between(BEFORE, AFTER), undefined, 60)).toThrow('needs a program')
})

test('of library calls a bound, of what is not known nothing', () => {
  const report = { seconds: 10, cpu_seconds: 8, p: 0.4 }
  expect(truthOf({ about: 'calls' }, between(BEFORE, AFTER), report, 60)).toMatchObject({
    p: undefined,
    pAtLeast: 0.4,
  })
  expect(truthOf({ about: 'unknown' }, between(BEFORE, AFTER), report, 60)).toMatchObject({
    p: undefined,
    pAtLeast: undefined,
    inUse: undefined,
  })
  const inUse = { least: 0.9, most: 1 }
  expect(truthOf({ about: 'unknown', inUse }, between(BEFORE, AFTER), undefined, 60)).toMatchObject({ inUse })
})
