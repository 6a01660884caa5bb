import type { NamedBy } from '../config/named-by.js'
import { dropOldest } from '../drop-oldest.js'
import type { ProcessInterval } from '../join/interval.js'
import { addWaits, type FutexClass, type WaitTotals } from '../parse/trace-interval.js'
import { isOfProgram } from './of-program.js'
import type { Member, TargetHost } from './target.js'

type Waits = ReadonlyMap<FutexClass, WaitTotals>

/** The processes of an interval that concern targets, by the name of the target. */
export interface Groups {
  /** Of targets that there are. */
  readonly known: ReadonlyMap<string, readonly Member[]>
  /** Of what would be a target. */
  readonly newcomers: ReadonlyMap<string, readonly Member[]>
  /** On-CPU samples of processes that ended before they could be looked at: of whom is not known. */
  readonly lostSamples: number
}

/** Use of an interval from which processes concern somebody, though they wait for nothing. */
export interface NotableUse {
  /** On-CPU samples of a process that the tracer saw. Count. */
  readonly notableCpuSamples: number
  /** CPU time of all that would be one target, of which no tracer tells. Seconds. */
  readonly notableCpuSeconds: number
}

/** Finds the target of each process that concerns one. */
export interface Grouping {
  /** Those that `group` will look at: they should be identified before. */
  concerned(processes: readonly ProcessInterval[], notable: NotableUse): readonly number[]
  group(
    processes: readonly ProcessInterval[],
    /** Whether there is a target of this name, of this kind. */
    isTarget: (name: string, namedBy: NamedBy) => boolean,
    notable: NotableUse,
  ): Groups
  /** Waits of processes that ended before they could be looked at, since the start. */
  unattributedWaits(): number
  /** Command names of programs with locks; none where no process with locks was lost lately. */
  lookFor(): ReadonlySet<string>
  /** Forgets what is put off: what follows does not continue what was before. */
  interrupt(): void
}

/** Processes that are remembered as members of targets. */
const MAX_MEMBERS = 4096
/** Programs that are remembered as such that have locks. */
const MAX_PROGRAMS = 64
/** After a process with locks was lost, those of programs with locks are looked for early, for so many intervals. */
const LOOKING_INTERVALS = 60
const NOTHING: ReadonlySet<string> = new Set()
/** A process that only runs makes a target when it has used notable CPU time in so many intervals in a row. */
const STEADY_INTERVALS = 10

export function createGrouping(host: Pick<TargetHost, 'identify' | 'isPending'>): Grouping {
  let unattributed = 0
  /** Processes that were looked at and belong to a target, the last one last. */
  const memberPids = new Set<number>()
  const programs = new Set<string>()
  let lookingIntervals = 0
  /** Processes that waited in the last interval, for no lock, and were not looked at: most of them live for a moment. */
  let deferred = new Map<number, Waits>()
  /** In how many intervals in a row processes have used notable CPU time, by pid. */
  let steady = new Map<number, number>()

  function isConcerned({ pid, trace, cpuSeconds }: ProcessInterval, isSteady: boolean): boolean {
    const contends = (trace?.locks.length ?? 0) > 0
    return contends || isSteady || cpuSeconds !== undefined || deferred.has(pid) || memberPids.has(pid)
  }

  return {
    concerned(processes, { notableCpuSamples }) {
      const isSteady = ({ trace }: ProcessInterval) => (trace?.cpuSamples ?? 0) >= notableCpuSamples
      const seen = processes.filter((process) => isConcerned(process, isSteady(process)))
      return [...new Set([...seen.map(({ pid }) => pid), ...deferred.keys()])]
    },
    group(processes, isTarget, { notableCpuSamples, notableCpuSeconds }) {
      const known = new Map<string, Member[]>()
      const newcomers = new Map<string, Member[]>()
      const postponed = new Map<number, Waits>()
      const seen = new Set<number>()
      steady = new Map(
        processes
          .filter(({ trace }) => (trace?.cpuSamples ?? 0) >= notableCpuSamples)
          .map(({ pid }) => [pid, (steady.get(pid) ?? 0) + 1]),
      )
      let lostSamples = 0
      lookingIntervals = Math.max(0, lookingIntervals - 1)

      function place(process: ProcessInterval, waits: number, contends: boolean): void {
        const identity = host.identify(process.pid)
        if (!identity) {
          lostSamples += process.trace?.cpuSamples ?? 0
          if (host.isPending?.(process.pid)) {
            postponed.set(process.pid, process.trace?.waits ?? new Map())
            return
          }
          unattributed += waits
          if (contends) lookingIntervals = LOOKING_INTERVALS
          return
        }
        if (contends) rememberLast(programs, identity.facts.stat.comm, MAX_PROGRAMS)
        const { target, namedBy } = identity
        if (target === undefined) return
        const isKnown = isTarget(target, namedBy)
        // One that only runs makes none before it has run for long: most compile a file, or the like.
        const isSteady = (steady.get(process.pid) ?? 0) >= STEADY_INTERVALS
        if (!isKnown && waits === 0 && !contends && process.trace && !isSteady) return
        rememberLast(memberPids, process.pid, MAX_MEMBERS)
        join(isKnown ? known : newcomers, target, { process, identity })
      }

      for (const process of processes) {
        const { pid, trace } = process
        seen.add(pid)
        const before = deferred.get(pid)
        const waits = countWaits(trace?.waits) + countWaits(before)
        const contends = (trace?.locks.length ?? 0) > 0
        if (isConcerned(process, steady.has(pid))) {
          place(withWaits(process, before), waits, contends)
        } else if (waits > 0 && trace) postponed.set(pid, trace.waits)
      }
      for (const [pid, waits] of deferred) {
        if (seen.has(pid)) continue
        place(withWaits({ pid, trace: undefined, cpuSeconds: undefined }, waits), countWaits(waits), false)
      }
      for (const [target, members] of newcomers) {
        if (!concerns(members, notableCpuSeconds)) newcomers.delete(target)
      }
      deferred = postponed
      return { known, newcomers, lostSamples }
    },
    unattributedWaits: () => unattributed,
    lookFor: () => (lookingIntervals > 0 ? programs : NOTHING),
    interrupt() {
      deferred = new Map()
      steady = new Map()
    },
  }
}

/** A program that has the name of something else has another one from the next interval on, and is left out of this. */
function join(groups: Map<string, Member[]>, target: string, member: Member): void {
  const members = groups.get(target)
  const kind = members?.[0]?.identity.namedBy
  if (members && kind === member.identity.namedBy) members.push(member)
  else if (kind === undefined || isOfProgram(kind)) groups.set(target, [member])
}

/** Whether processes make a target: a tracer tells of them, or they use CPU time and none does. */
function concerns(members: readonly Member[], notableCpuSeconds: number): boolean {
  if (members.some(({ process }) => process.trace)) return true
  return members.reduce((sum, { process }) => sum + (process.cpuSeconds ?? 0), 0) >= notableCpuSeconds
}

function rememberLast<T>(items: Set<T>, item: T, most: number): void {
  items.delete(item)
  items.add(item)
  dropOldest(items, most)
}

export function countWaits(waits: Waits | undefined): number {
  let sum = 0
  for (const totals of waits?.values() ?? []) sum += totals.waits
  return sum
}

/** The process with the waits of an earlier interval, in which it was not looked at. */
function withWaits(process: ProcessInterval, before: Waits | undefined): ProcessInterval {
  if (!before) return process
  const { pid, trace = { pid, cpuSamples: 0, threads: new Map(), waits: new Map(), locks: [] } } = process
  const waits = new Map(trace.waits)
  for (const [futexClass, totals] of before) waits.set(futexClass, addWaits(waits.get(futexClass), totals))
  return { ...process, trace: { ...trace, waits } }
}
