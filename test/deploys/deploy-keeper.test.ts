import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createChangeTracker, type TrackerState } from '../../src/deploys/change-tracker.js'
import { createDeployKeeper } from '../../src/deploys/deploy-keeper.js'
import type { StateFile } from '../../src/deploys/state-file.js'
import { recordLog } from '../support/log.js'

const state = createChangeTracker(() => ({ compareSeconds: 1, settleSeconds: 1, minSamples: 1 })).state()
const ONE = new Map([['shop', state]])

let log: ReturnType<typeof recordLog>
let written: ReadonlyMap<string, TrackerState>[]
let problem: string | undefined

beforeEach(() => {
  vi.useFakeTimers()
  log = recordLog()
  written = []
  problem = undefined
})
afterEach(() => vi.useRealTimers())

function keeper(states: ReadonlyMap<string, TrackerState>, file: Partial<StateFile> = {}) {
  return createDeployKeeper(
    {
      read: () => ONE,
      write: async (given) => {
        if (problem !== undefined) throw new Error(problem)
        written.push(given)
      },
      ...file,
    },
    () => states,
    log.logger,
  )
}

test('gives back what an earlier run kept, or says why it cannot', () => {
  expect(keeper(ONE).read()).toBe(ONE)
  const damaged = keeper(ONE, {
    read() {
      throw new Error('the entry "shop" is damaged')
    },
  })
  expect(damaged.read()).toBeUndefined()
  expect(log.text()).toMatch(/level=warn msg="the deploys of an earlier run are not known" err=".*damaged"/)
})

test('saves once a minute, and a last time when it is stopped', async () => {
  const one = keeper(ONE)
  one.start()
  await vi.advanceTimersByTimeAsync(59_999)
  expect(written).toEqual([])
  await vi.advanceTimersByTimeAsync(60_001)
  expect(written).toEqual([ONE, ONE])
  await one.stop()
  await one.stop()
  await vi.advanceTimersByTimeAsync(600_000)
  expect(written).toHaveLength(3)
})

test('writes nothing where nothing is known, or it was not started', async () => {
  expect(await keeper(new Map()).save()).toBeUndefined()
  await keeper(ONE).stop()
  expect(written).toEqual([])
})

test('says once why it could not be saved, and again when it is another reason', async () => {
  const one = keeper(ONE)
  for (const reason of ['ENOSPC', 'ENOSPC', 'EROFS', undefined, 'EROFS']) {
    problem = reason
    expect(await one.save()).toBe(reason)
  }
  expect(
    log
      .text()
      .match(/choose another folder with --path.state" err=(\w+)/g)
      ?.map((line) => line.split('=').at(-1)),
  ).toEqual(['ENOSPC', 'EROFS', 'EROFS'])
})
