import type { TargetInterval } from '../join/target-interval.js'
import type { ThreadUse } from '../join/thread-use.js'
import type { CpuSums } from './cpu.js'

/** A thread over the intervals that an assessment is made from. */
export type ThreadTotals = ThreadUse

/** Sums each thread over intervals, the busiest first. */
export function sumThreads(intervals: readonly TargetInterval[]): readonly ThreadTotals[] {
  const totals = new Map<string, Sum>()
  for (const { threads } of intervals) {
    for (const thread of threads) {
      const sum = totals.get(thread.key)
      if (sum) addThread(sum, thread)
      else totals.set(thread.key, { ...thread })
    }
  }
  return [...totals.values()].sort((a, b) => b.runSeconds - a.runSeconds)
}

/** Added up in place: of each target all intervals are, at each one. */
type Sum = { -readonly [Field in keyof ThreadTotals]: ThreadTotals[Field] }

function addThread(sum: Sum, thread: ThreadUse): void {
  sum.name = thread.name ?? sum.name
  sum.cpuSamples += thread.cpuSamples
  sum.runSeconds += thread.runSeconds
  sum.readySeconds += thread.readySeconds
}

/** Share of the time in which a thread runs or waits for a CPU. Ratio. */
export function threadUtilization(
  { runSeconds, readySeconds }: ThreadTotals,
  { seconds }: Pick<CpuSums, 'seconds'>,
): number {
  return (runSeconds + readySeconds) / seconds
}

/**
 * What a thread is to its program, whatever process and thread it is after a restart: the name that the program gave it;
 * undefined where it is not known.
 */
export type ThreadRole = string

/** Role of the thread that a process begins with. */
export const MAIN_THREAD: ThreadRole = 'main thread'

export function roleOf({ name, isMain }: Pick<ThreadUse, 'name' | 'isMain'>): ThreadRole | undefined {
  return isMain ? MAIN_THREAD : name
}

/** As a person can act on it. */
export function threadName(thread: Pick<ThreadUse, 'name' | 'isMain'>): string | undefined {
  return thread.name ?? roleOf(thread)
}

export function isSequential(
  thread: Pick<ThreadUse, 'name' | 'isMain'>,
  roles: ReadonlySet<ThreadRole>,
): boolean {
  const role = roleOf(thread)
  return role !== undefined && roles.has(role)
}

/** From here on a thread is near saturation; below the other one it is not. Ratios. */
const SATURATED = 0.9
const NOT_SATURATED = 0.5
/** Time that has to be seen before a thread is judged. Seconds. */
const MIN_SECONDS = 10

/**
 * Which threads of a target no other thread takes over from, from what its busiest threads did lately.
 *
 * One becomes such a sequential resource when it is near saturation while no other thread of the target is: in a pool
 * others would have taken the work. It stays one at every load, so that p does not move with the load, until it is seen
 * not to be: another one of the same role is busy as well, or another one is near saturation while it is not.
 *
 * @param known Those that are known so far.
 * @returns The same object where nothing has changed.
 */
export function learnSequentialThreads(
  known: ReadonlySet<ThreadRole>,
  threads: readonly ThreadTotals[],
  sums: Pick<CpuSums, 'seconds'>,
): ReadonlySet<ThreadRole> {
  if (sums.seconds < MIN_SECONDS) return known
  const used = threads.map((thread) => ({ role: roleOf(thread), use: threadUtilization(thread, sums) }))
  used.sort((a, b) => b.use - a.use)
  const [busiest, second] = used
  if (!busiest) return known
  const shared = [...known].filter((role) => isShared(role, used))
  const learned =
    busiest.role !== undefined && busiest.use >= SATURATED && (second?.use ?? 0) < NOT_SATURATED
      ? busiest.role
      : undefined
  if (shared.length === 0 && (learned === undefined || known.has(learned))) return known
  return new Set(
    [...known, ...(learned === undefined ? [] : [learned])].filter((role) => !shared.includes(role)),
  )
}

interface UsedThread {
  readonly role: ThreadRole | undefined
  readonly use: number
}

/** Whether others do the work of this role as well. @param used The busiest first. */
function isShared(role: ThreadRole, used: readonly UsedThread[]): boolean {
  const own = used.filter((thread) => thread.role === role)
  if (own.filter(({ use }) => use >= NOT_SATURATED).length > 1) return true
  const others = used.find((thread) => thread.role !== role)
  return (others?.use ?? 0) >= SATURATED && (own[0]?.use ?? 0) < NOT_SATURATED
}
