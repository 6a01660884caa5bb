import type { CgroupLimits } from '../sample/cgroupfs.js'

/** What one process of a target may use. */
export interface MemberLimits {
  readonly limits: CgroupLimits
  /** CPUs of the affinity mask; undefined: all. */
  readonly affinity: readonly number[] | undefined
}

export interface TargetCpus {
  /** N. CPUs, > 0; fractions come from quotas. */
  readonly cpus: number
  /** CPUs that it may run on; undefined: all that are online. */
  readonly allowed: readonly number[] | undefined
}

/** CPUs that some processes may run on. */
type Allowed = ReadonlySet<number> | 'all'

/** A cgroup that has a quota, or the machine. */
interface Level {
  quotaCpus: number
  /** What the processes may run on that have this as their innermost quota. */
  readonly own: Set<Allowed>
  readonly inner: Map<string, Level>
}

/** Beyond this many different sets of allowed CPUs only the sets themselves and all together are looked at. */
const MAX_COMBINED_SETS = 8

/**
 * N: CPUs that the processes of a target may use together. Cgroups add up, a quota caps all that lies below it, CPUs
 * that several may run on count once, and so do several processes of one cgroup.
 *
 * It is the largest flow from the machine through the quotas to the CPUs, by way of the smallest cut: over all sets C of
 * CPUs, the least of
 *
 *     |C| + Σ quotas that hold back every process that may run outside of C
 *
 * Source: Ford & Fulkerson, "Maximal Flow through a Network", theorem 1. Only unions of the sets of allowed CPUs can be
 * the least C. With more than 8 different sets not all unions are tried: N is then an upper bound.
 *
 * @param members Processes of the target; with none, N is the whole machine.
 * @param onlineCpus CPUs that are online: the cap of everything. Count, ≥ 1.
 * @throws {RangeError} onlineCpus < 1.
 */
export function targetCpus(members: readonly MemberLimits[], onlineCpus: number): TargetCpus {
  if (!(onlineCpus >= 1)) throw new RangeError(`onlineCpus must be ≥ 1, got ${onlineCpus}`)
  const machine: Level = { quotaCpus: onlineCpus, own: new Set(), inner: new Map() }
  const sets = new Map<string, Allowed>()
  for (const { limits, affinity } of members) {
    const allowed = allowedOf(limits.cpuset, affinity)
    const key = allowed === 'all' ? allowed : [...allowed].sort((a, b) => a - b).join()
    const known = sets.get(key) ?? allowed
    sets.set(key, known)
    levelOf(machine, limits.quotas).own.add(known)
  }
  if (sets.size === 0) return { cpus: onlineCpus, allowed: undefined }
  const all = unite([...sets.values()])
  const cuts = combinations([...sets.values()]).map(unite)
  return {
    cpus: Math.min(...cuts.map((cut) => countOf(cut, onlineCpus) + heldBack(machine, cut))),
    allowed: countOf(all, onlineCpus) === onlineCpus ? undefined : [...all].map(Number).sort((a, b) => a - b),
  }
}

function levelOf(machine: Level, quotas: CgroupLimits['quotas']): Level {
  let level = machine
  for (const { path, cpus } of quotas.toReversed()) {
    const next = level.inner.get(path) ?? { quotaCpus: cpus, own: new Set(), inner: new Map() }
    // One that was changed between two reads.
    next.quotaCpus = Math.min(next.quotaCpus, cpus)
    level.inner.set(path, next)
    level = next
  }
  return level
}

/** Least sum of quotas that hold back every process below a level that may run outside of the CPUs cut. */
function heldBack(level: Level, cut: Allowed): number {
  if ([...level.own].some((allowed) => !covers(cut, allowed))) return level.quotaCpus
  let inner = 0
  for (const next of level.inner.values()) inner += heldBack(next, cut)
  return Math.min(level.quotaCpus, inner)
}

function covers(cut: Allowed, allowed: Allowed): boolean {
  if (cut === 'all') return true
  return allowed !== 'all' && [...allowed].every((cpu) => cut.has(cpu))
}

/** The empty combination included. */
function combinations(sets: readonly Allowed[]): readonly (readonly Allowed[])[] {
  if (sets.length > MAX_COMBINED_SETS) return [[], ...sets.map((set) => [set]), sets]
  const found: (readonly Allowed[])[] = [[]]
  for (const set of sets) found.push(...found.map((combination) => [...combination, set]))
  return found
}

function unite(sets: readonly Allowed[]): Allowed {
  const united = new Set<number>()
  for (const set of sets) {
    if (set === 'all') return 'all'
    for (const cpu of set) united.add(cpu)
  }
  return united
}

/** The mask lists CPUs that could be plugged in as well: there are never more than those that are online. */
function countOf(allowed: Allowed, onlineCpus: number): number {
  return allowed === 'all' ? onlineCpus : Math.min(allowed.size, onlineCpus)
}

/** sched_setaffinity(2): the kernel keeps the mask within the cpuset; the two are read at different instants. */
function allowedOf(cpuset: readonly number[] | undefined, affinity: readonly number[] | undefined): Allowed {
  if (cpuset === undefined || affinity === undefined) {
    const known = cpuset ?? affinity
    return known === undefined || known.length === 0 ? 'all' : new Set(known)
  }
  const inCpuset = new Set(cpuset)
  const both = affinity.filter((cpu) => inCpuset.has(cpu))
  return new Set(both.length > 0 ? both : affinity)
}
