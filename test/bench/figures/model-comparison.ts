import type { Scenario } from '../../../src/simulate/scenario.js'
import { simulate } from '../../../src/simulate/simulator.js'
import { approximateByMva, solveLockAndCpus } from '../../model/lock-and-cpus.js'

/** Throughput (jobs per second) and queue of one system, by the simulator and by the models. */
export interface ModelComparison {
  readonly p: number
  readonly fifo: Means
  readonly sliced: Means
  readonly chain: Means
  readonly mva: Means
}

interface Means {
  readonly throughput: number
  readonly queueLength: number
}

const RUNS = 10
const SLICED = { kind: 'time-sliced', sliceSeconds: 0.01 } as const

/** @param scenario A closed load, exponential times; its locks are replaced. */
export function compareModels(scenario: Scenario, p: number): ModelComparison {
  const { load, cpus, demandSeconds } = scenario
  if (load.kind !== 'closed') throw new Error('the models are those of a closed load')
  const { clients, thinkSeconds } = load
  const system = { clients, thinkSeconds, cpus, demandSeconds, parallelFraction: p }
  const meansOf = (scheduling: Scenario['scheduling']): Means => {
    const runs = Array.from({ length: RUNS }, (_, seed) =>
      simulate({ ...scenario, lockShares: [1 - p], scheduling, seed }),
    )
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / RUNS
    return {
      throughput: mean(runs.map((run) => run.throughput)),
      queueLength: mean(runs.map((run) => run.queueLength)),
    }
  }
  const chain = solveLockAndCpus(system)
  const mva = approximateByMva(system)
  return {
    p,
    fifo: meansOf({ kind: 'fifo' }),
    sliced: meansOf(SLICED),
    chain: { throughput: chain.throughput, queueLength: chain.lockQueueLength },
    mva: { throughput: mva.throughput, queueLength: mva.lockQueueLength },
  }
}
