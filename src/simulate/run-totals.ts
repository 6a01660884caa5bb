/** One lock over a run. */
export interface LockTotals {
  /** Mean number of jobs at the lock, the holder included. Jobs. */
  readonly queueLength: number
  /** U_s: CPU-seconds per second inside it. CPUs. */
  readonly serialUtilization: number
  /** H: share of the time in which it is held. Ratio. */
  readonly held: number
}

/** What happened after the warm-up. */
export interface RunTotals {
  readonly seconds: number
  readonly jobs: number
  /** X. Jobs per second. */
  readonly throughput: number
  /** R, from the submission of a job to its end; undefined where none ended. Mean, seconds. */
  readonly responseSeconds: number | undefined
  /** B. CPUs. */
  readonly busyCpus: number
  /** U = B/N. Ratio. */
  readonly utilization: number
  /** Q: mean number of jobs at the locks, holders included. Jobs. */
  readonly queueLength: number
  /** Mean number of jobs that run or wait for a CPU. Jobs. */
  readonly cpuJobs: number
  readonly locks: readonly LockTotals[]
  /** Time with a waiter at the bottleneck lock, and CPU time spent in it. Seconds. */
  readonly contendedSeconds: number
  readonly contendedCpuSeconds: number
}

/** Integrals over the time of a run. Seconds. */
export interface RunSums {
  /** By lock: jobs at it, it is held, and its holder is on a CPU. */
  readonly lockJobSeconds: Float64Array
  readonly heldSeconds: Float64Array
  readonly serialSeconds: Float64Array
  servedSeconds: number
  cpuJobSeconds: number
  contendedSeconds: number
  contendedCpuSeconds: number
  jobs: number
  responseSeconds: number
}

export function createRunSums(locks: number): RunSums {
  return {
    lockJobSeconds: new Float64Array(locks),
    heldSeconds: new Float64Array(locks),
    serialSeconds: new Float64Array(locks),
    servedSeconds: 0,
    cpuJobSeconds: 0,
    contendedSeconds: 0,
    contendedCpuSeconds: 0,
    jobs: 0,
    responseSeconds: 0,
  }
}

/**
 * @param seconds Length of the run.
 * @param cpus N. CPUs.
 */
export function totalsOf(sums: RunSums, seconds: number, cpus: number): RunTotals {
  const { lockJobSeconds, heldSeconds, serialSeconds, servedSeconds, jobs } = sums
  return {
    seconds,
    jobs,
    throughput: jobs / seconds,
    responseSeconds: jobs > 0 ? sums.responseSeconds / jobs : undefined,
    busyCpus: servedSeconds / seconds,
    utilization: servedSeconds / seconds / cpus,
    queueLength: lockJobSeconds.reduce((sum, jobSeconds) => sum + jobSeconds, 0) / seconds,
    cpuJobs: sums.cpuJobSeconds / seconds,
    locks: Array.from(lockJobSeconds, (jobSeconds, lock) => ({
      queueLength: jobSeconds / seconds,
      serialUtilization: (serialSeconds[lock] as number) / seconds,
      held: (heldSeconds[lock] as number) / seconds,
    })),
    contendedSeconds: sums.contendedSeconds,
    contendedCpuSeconds: sums.contendedCpuSeconds,
  }
}
