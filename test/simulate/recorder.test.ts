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
  const { trace, ...contention } = recorder.takeInterval(0, 2, [2, 0])
  expect(contention).toEqual({
    cpuSecondsBefore: [0, 0],
    cpuSecondsAfter: [2, 0],
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
      },
    ],
  })
})

test('an interval begins anew; a lock stays known, and says what its holder does', () => {
  const recorder = createRecorder(contendedSystem(), 0, true)
  recorder.contend(1)
  recorder.endWait(1, 5)
  recorder.sample()
  recorder.takeInterval(0, 1, [1, 0])
  recorder.sample()
  const { trace, cpuSecondsBefore } = recorder.takeInterval(1, 2, [2, 0])
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
      { queueLength: 2, serialUtilization: 1 },
      { queueLength: 1, serialUtilization: 0 },
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
