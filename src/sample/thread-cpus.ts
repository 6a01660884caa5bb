/** What threads use, by thread id. CPUs. */
export type ThreadCpus = ReadonlyMap<number, number>

/** What was counts half after this time: a busy thread is found at once, one that pauses is not lost. Seconds. */
const HALF_LIFE_SECONDS = 5
/** Use below which a thread is forgotten. CPUs. */
const FORGOTTEN_CPUS = 0.01
/** Threads that are remembered of a process: there are no more busy ones than it has CPUs. */
const MAX_REMEMBERED = 256

/**
 * Mean use of threads over the last seconds, what is older counting less.
 *
 * @param before The mean so far; undefined: there was none.
 * @param now What they used in the time since; what is not in it used nothing.
 * @param seconds Length of that time. Seconds, > 0.
 */
export function smoothedCpus(before: ThreadCpus | undefined, now: ThreadCpus, seconds: number): ThreadCpus {
  if (!before) return new Map([...now].sort(([, a], [, b]) => b - a).slice(0, MAX_REMEMBERED))
  const kept = 0.5 ** (seconds / HALF_LIFE_SECONDS)
  const mean: [number, number][] = []
  for (const tid of new Set([...before.keys(), ...now.keys()])) {
    const cpus = (before.get(tid) ?? 0) * kept + (now.get(tid) ?? 0) * (1 - kept)
    if (cpus >= FORGOTTEN_CPUS) mean.push([tid, cpus])
  }
  return new Map(mean.sort(([, a], [, b]) => b - a).slice(0, MAX_REMEMBERED))
}

/** Use of the busiest of them; 0 where there is none. CPUs. */
export function mostOf(cpus: ThreadCpus | undefined): number {
  let most = 0
  for (const one of cpus?.values() ?? []) most = Math.max(most, one)
  return most
}
