import {
  type CpuTotals,
  createTimeline,
  interpolateCpuTotals,
  interpolateNumber,
} from '../join/cpu-timeline.js'
import { joinInterval } from '../join/interval.js'
import { type TargetInterval, toTargetInterval } from '../join/target-interval.js'
import type { Scenario } from './scenario.js'
import {
  FIRST_LOCK_ADDRESS,
  LOCK_BYTES,
  SIMULATED_PID,
  type SimulatedInterval,
} from './simulated-interval.js'

/** Looks at a simulated run as the exporter looks at a real one: by its join, with its kind of intervals. */
export interface Observer {
  observe(interval: SimulatedInterval): void
  /** All so far, in order. */
  intervals(): readonly TargetInterval[]
}

/** Name of a simulated lock, the first one 1. */
export function lockLabel(index: number): string {
  return `lock-${index + 1}`
}

export function createObserver({ cpus, lockShares }: Scenario): Observer {
  const node = createTimeline(interpolateCpuTotals, 2)
  const process = createTimeline(interpolateNumber, 2)
  const readings = { cpus, node, threadCounts: new Map(), processes: new Map([[SIMULATED_PID, process]]) }
  const locks = new Map(
    lockShares.map((_, index) => {
      const label = lockLabel(index)
      return [FIRST_LOCK_ADDRESS + BigInt(index) * LOCK_BYTES, { key: label, label }]
    }),
  )
  const intervals: TargetInterval[] = []

  function lockAt(_: unknown, address: bigint) {
    const lock = locks.get(address)
    if (!lock) throw new RangeError(`address must be that of a simulated lock, got ${address}`)
    return lock
  }

  function read(atNs: bigint, cpuSeconds: readonly number[], jobSeconds: number): void {
    const seconds = Number(atNs) / 1e9
    node.push(atNs, totalsOf(cpuSeconds, seconds))
    process.push(atNs, jobSeconds)
  }

  return {
    observe({ trace, cpuSecondsBefore, cpuSecondsAfter, jobSecondsBefore, jobSecondsAfter }) {
      read(trace.beginNs, cpuSecondsBefore, jobSecondsBefore)
      read(trace.endNs, cpuSecondsAfter, jobSecondsAfter)
      const joined = joinInterval(trace, readings)
      if (!joined.node) throw new RangeError('intervals must be given in order')
      const members = joined.processes.map((process) => ({ process }))
      intervals.push(
        toTargetInterval(members, lockAt, joined.node, { cpus, allowed: undefined, throttled: undefined }),
      )
    },
    intervals: () => intervals,
  }
}

function totalsOf(cpuSeconds: readonly number[], elapsedSeconds: number): CpuTotals {
  return {
    busySeconds: cpuSeconds.reduce((sum, busySeconds) => sum + busySeconds, 0),
    totalSeconds: elapsedSeconds * cpuSeconds.length,
    stealSeconds: 0,
    cpus: new Map(cpuSeconds.map((busySeconds, cpu) => [cpu, { busySeconds, totalSeconds: elapsedSeconds }])),
  }
}
