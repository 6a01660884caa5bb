import { expect, test } from 'vitest'
import { LOCK_ROWS } from './locks.js'
import { batchesOf, durationsOf } from './measure.js'
import { type Result, renderTables } from './page.js'
import { SERVICE_ROWS } from './service-rows.js'
import { describeSweep } from './sweep.js'
import { TRAP_ROWS } from './traps.js'

const ALL = [...LOCK_ROWS, ...TRAP_ROWS, ...SERVICE_ROWS]
/** A longer command name is cut by the kernel (TASK_COMM_LEN). */
const MAX_COMMAND_NAME = 15

test('each row has a name of its own, without what separates names', () => {
  const names = ALL.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  expect(names.filter((name) => !/^[a-z\d-]+$/.test(name))).toEqual([])
})

test('rows that may run at the same moment have targets of their own', () => {
  const targets = ALL.filter(({ isLight }) => isLight).map(({ target }) => target)
  expect(new Set(targets).size).toBe(targets.length)
  expect(ALL.filter(({ target }) => target.length > MAX_COMMAND_NAME)).toEqual([])
})

test('every row is run once; only light ones beside others', () => {
  const batches = batchesOf(ALL, 4)
  const names = (rows: readonly { readonly name: string }[]) => rows.map(({ name }) => name).sort()
  expect(names(batches.flat())).toEqual(names(ALL))
  const together = batches.filter(({ length }) => length > 1)
  expect(together.length).toBeGreaterThan(1)
  expect(together.flat().every(({ isLight }) => isLight)).toBe(true)
  expect(Math.max(...batches.map(({ length }) => length))).toBe(4)
})

test.each([
  [75, 12, 63, 60],
  [20, 4, 16, 15],
  [10, 2, 8, 10],
])('%i s: settles %i s, measures %i s, the window is %i s', (seconds, settle, measured, window) =>
  expect(durationsOf(seconds)).toEqual({
    settleSeconds: settle,
    measuredSeconds: measured,
    windowSeconds: window,
  }),
)

const RESULT: Result = {
  name: 'normal',
  section: 'Locks',
  title: 'a | b',
  command: 'workload-kinds --kind normal',
  truth: {
    p: 0.4064,
    pAtLeast: undefined,
    queue: 2.7,
    inUse: { least: 0.58, most: 0.79 },
    busyCpus: 0.99,
    cpuInUse: 1,
    machineUtilization: 1,
    samples: 5900,
    threads: 5,
  },
  answer: {
    parallelFraction: {
      ownership: { value: 0.41, lower: 0.39, upper: 0.43 },
      window: { reason: 'cpu-saturated' },
    },
    queueLength: 2.64,
    headroomRatio: 1,
    speedupLimit: 1.7,
    regime: 'parallel',
    resources: [{ kind: 'cpu', name: 'cpu', utilizationRatio: 1 }],
  },
  judgement: { verdict: 'misleading', why: ['one', 'two'] },
}

test('a row of the page', () => {
  const page = renderTables([RESULT, { ...RESULT, name: 'absent', answer: undefined }])
  expect(page).toContain(
    '| normal | a \\| b | 0.406 | 2.70 | 0.58–0.79 | 0.99 | 1.00 | 0.410 (0.390–0.430) | cpu-saturated | 2.64 | 1.00 | 1.7 | parallel | cpu cpu 1.00 | **misleading**; one; two |',
  )
  expect(page).toContain('| normal | `workload-kinds --kind normal` |')
  expect(page).toContain('| no target |')
  expect(page).toContain('| misleading | 2 |')
  expect(page).toContain('| right | 0 |')
})

test('a sweep: of the answers since the resource is known, those that are off', () => {
  const look = (atSeconds: number, p: number | undefined, isKnown: boolean, verdicts: string[] = []) => {
    return { atSeconds, isKnown, p, verdicts }
  }
  const first = [look(2, 0.9, false), look(4, 0.21, true), look(6, undefined, true)]
  const looks = [...first, look(8, 0.3, true, ['regressed']), look(10, 0.2, true, ['unchanged'])]
  expect(describeSweep('loop', { p: 0.2, looks, alert: 'none' })).toBe(
    '| loop | 0.200 | 4 s | 3 of 4 | 0.100 | 1 | unchanged | yes | none |',
  )
  expect(describeSweep('loop', { p: 0.2, looks: first.slice(0, 1), alert: 'pending' })).toBe(
    '| loop | 0.200 | never | 0 of 0 |  | 0 | none | no | pending |',
  )
})
