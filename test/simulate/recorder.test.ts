import { expect, test } from 'vitest'
import { createRecorder } from '../../src/simulate/recorder.js'
import { SIMULATED_PID } from '../../src/simulate/simulated-interval.js'
import { smallSystem } from './parts.js'

/** Two CPUs: job 0 holds lock 0 on CPU 0, job 1 waits for it, job 2 holds lock 1 without a CPU. */
function contendedSystem() {
  const { state } = smallSystem({ lockShares: [0.4, 0.1] })
  state.runs.set([0])
  state.cpuOf.set([0])
  state.holder.set([0, 2])
  state.waiters.set([1, 0])
  state.served = 1
  state.ready = 1
  return state
}

test('sums up what passes, and what a tracer would see of it', () => {
  const recorder = createRecorder(contendedSystem(), 0, true)
  recorder.contend(0)
  recorder.pass(2)
  recorder.sample()
  recorder.endWait(0, 2)
  recorder.endWait(0, 5)
  const { trace, ...contention } = recorder.takeInterval(0, 2, [2, 0], 1.5)
  expect(contention).toEqual({
    cpuSecondsBefore: [0, 0],
    cpuSecondsAfter: [2, 0],
    jobSecondsBefore: 0,
    jobSecondsAfter: 1.5,
    contendedSeconds: 2,
    contendedCpuSeconds: 2,
  })
  expect(trace).toMatchObject({ beginNs: 0n, endNs: 2_000_000_000n, lostEvents: 0 })
  expect(trace.processes.get(SIMULATED_PID)).toMatchObject({
    cpuSamples: 1,
    waits: new Map([['mutex', { waits: 2, waitSeconds: 7 }]]),
    locks: [
      {
        address: 0x1000n,
        waits: 2,
        waitSeconds: 7,
        queueSeconds: 2,
        contendedSeconds: 2,
        watchedSamples: 1,
        ownedSamples: 1,
        heldSamples: 0,
        ownerOffCpuSamples: 0,
        ownerAsleepSamples: 0,
      },
    ],
  })
})

test('an interval begins anew; a lock stays known, and says what its holder does', () => {
  const recorder = createRecorder(contendedSystem(), 0, true)
  recorder.contend(1)
  recorder.endWait(1, 5)
  recorder.sample()
  recorder.takeInterval(0, 1, [1, 0], 1)
  recorder.sample()
  const { trace, cpuSecondsBefore } = recorder.takeInterval(1, 2, [2, 0], 2)
  expect(cpuSecondsBefore).toEqual([1, 0])
  expect(trace.processes.get(SIMULATED_PID)?.locks).toMatchObject([
    { address: 0x1040n, waits: 0, heldSamples: 1, ownerOffCpuSamples: 1 },
  ])
})

test('the run is summed up from the end of the warm-up on', () => {
  const recorder = createRecorder(contendedSystem(), 0, true)
  recorder.pass(100)
  recorder.finishJob(50)
  recorder.clearRun()
  expect(recorder.totals(1).responseSeconds).toBeUndefined()
  recorder.pass(4)
  recorder.finishJob(3)
  recorder.finishJob(5)
  expect(recorder.totals(4)).toEqual({
    seconds: 4,
    jobs: 2,
    throughput: 0.5,
    responseSeconds: 4,
    busyCpus: 1,
    utilization: 0.5,
    queueLength: 3,
    cpuJobs: 2,
    locks: [
      { queueLength: 2, serialUtilization: 1, held: 1 },
      { queueLength: 1, serialUtilization: 0, held: 1 },
    ],
    contendedSeconds: 4,
    contendedCpuSeconds: 4,
  })
})

test('a holder that needs no CPU is served without one', () => {
  const recorder = createRecorder(contendedSystem(), 0, false)
  recorder.pass(4)
  expect(recorder.totals(4).locks.map(({ serialUtilization }) => serialUtilization)).toEqual([1, 1])
})

test('a holder that sleeps is off its CPU and asleep, and spends no CPU time, even where it needs no CPU', () => {
  for (const lockNeedsCpu of [true, false]) {
    const state = contendedSystem()
    state.asleep[2] = 1
    const recorder = createRecorder(state, 0, lockNeedsCpu)
    recorder.contend(1)
    recorder.sample()
    recorder.pass(4)
    expect(recorder.totals(4).locks[1]).toEqual({ queueLength: 1, serialUtilization: 0, held: 1 })
    const { trace } = recorder.takeInterval(0, 4, [4, 0], 4)
    expect(trace.processes.get(SIMULATED_PID)?.locks).toMatchObject([
      { heldSamples: 1, ownerOffCpuSamples: 1, ownerAsleepSamples: 1 },
    ])
  }
})

test('other programs on a CPU are no samples of the service', () => {
  const { state } = smallSystem({ lockShares: [0.4], otherCpus: 0.5 })
  state.runs.set([state.firstOther, 3])
  const recorder = createRecorder(state, 0, true)
  recorder.sample()
  const { trace } = recorder.takeInterval(0, 1, [1, 1], 1)
  expect(trace.processes.get(SIMULATED_PID)?.cpuSamples).toBe(1)
})
