import type { TargetInterval } from '../join/target-interval.js'

/** CPU time and samples of a target and of the node over the intervals of an assessment. */
export interface CpuSums {
  readonly seconds: number
  /** Of the target. */
  readonly cpuSeconds: number
  readonly cpuSamples: number
  /** Of all CPUs of the node. */
  readonly nodeBusySeconds: number
  readonly nodeTotalSeconds: number
  readonly nodeStealSeconds: number
  /** Of the CPUs that the target may run on. */
  readonly busySeconds: number
  readonly totalSeconds: number
}

export function sumCpu(intervals: readonly TargetInterval[]): CpuSums {
  let [seconds, cpuSeconds, cpuSamples, busySeconds, totalSeconds] = [0, 0, 0, 0, 0]
  let [nodeBusySeconds, nodeTotalSeconds, nodeStealSeconds] = [0, 0, 0]
  for (const interval of intervals) {
    const { node } = interval
    seconds += node.seconds
    cpuSeconds += interval.cpuSeconds ?? 0
    cpuSamples += interval.cpuSamples
    nodeBusySeconds += node.busySeconds
    nodeTotalSeconds += node.totalSeconds
    nodeStealSeconds += node.stealSeconds
    busySeconds += interval.busySeconds
    totalSeconds += interval.totalSeconds
  }
  return {
    seconds,
    cpuSeconds,
    cpuSamples,
    nodeBusySeconds,
    nodeTotalSeconds,
    nodeStealSeconds,
    busySeconds,
    totalSeconds,
  }
}

/**
 * CPUs that are idle in the mean, of those that the target may run on. What other guests of the hypervisor got (steal) is
 * not idle; it is known of the whole machine, and taken to be spread evenly.
 *
 * @returns CPUs, ≥ 0.
 */
export function idleCpus({
  seconds,
  busySeconds,
  totalSeconds,
  nodeTotalSeconds,
  nodeStealSeconds,
}: CpuSums): number {
  const stealSeconds = nodeTotalSeconds > 0 ? (nodeStealSeconds / nodeTotalSeconds) * totalSeconds : 0
  return Math.max(0, totalSeconds - stealSeconds - busySeconds) / seconds
}

/**
 * Share of its CPUs that a target uses: of those that it uses and those that it could use more. What others use is not
 * there to grow into.
 *
 *     B / (B + I),   I = min(idle CPUs, N − B)
 *
 * @param cpus N, CPUs that the target may use. > 0.
 * @returns Ratio in [0, 1]; 0 where it uses none.
 */
export function cpuUtilization(sums: CpuSums, cpus: number): number {
  const busyCpus = sums.cpuSeconds / sums.seconds
  if (busyCpus === 0) return 0
  const spare = Math.max(0, Math.min(idleCpus(sums), cpus - busyCpus))
  return busyCpus / (busyCpus + spare)
}
