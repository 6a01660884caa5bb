import { dropOldest } from '../drop-oldest.js'
import type { MeasuredInterval } from '../join/interval.js'
import type { CpuAllowance } from '../join/target-interval.js'
import type { CgroupPaths } from '../parse/cgroup.js'
import type { CgroupLimits } from '../sample/cgroupfs.js'
import type { ProcessIdentity } from './identify.js'
import { targetCpus } from './target-cpus.js'

/** What the machine says of the CPUs that processes may use. */
export interface CpuAllowanceSource {
  /** Where the process is now: it may have been moved since it was looked at. */
  cgroup(pid: number): CgroupPaths | undefined
  limits(paths: CgroupPaths): CgroupLimits
  /** As Procfs.readAffinity. */
  affinity(pid: number, onlineCpus: number): readonly number[] | undefined
  /** Reads that failed, though there was something to read, so far. Count. */
  failures(): number
  /** Begins to watch the quotas of a cgroup. */
  watch(paths: CgroupPaths): void
  /** As ThrottlingSampler.between. */
  throttled(
    cgroups: readonly CgroupPaths[],
    beginNs: bigint,
    endNs: bigint,
  ): { readonly periods: number; readonly seconds: number } | undefined
}

/** Quotas and masks change seldom. Nanoseconds. */
const REREAD_NS = 5_000_000_000n
/** Processes of one target that are looked at; the others are taken to be like them. */
const MAX_MEMBERS = 32
const MAX_KEPT = 4096

interface Kept {
  readonly cgroup: CgroupPaths | undefined
  readonly limits: CgroupLimits
  readonly affinity: readonly number[] | undefined
  readonly readNs: bigint
}

/** Creates the reader of N, from what is read now and then of each process. */
export function createCpuAllowance(source: CpuAllowanceSource) {
  const kept = new Map<string, Kept>()

  function read({ pid, key, cgroup: first }: ProcessIdentity, onlineCpus: number, nowNs: bigint): Kept {
    const known = kept.get(key)
    if (known && nowNs - known.readNs < REREAD_NS) return known
    const failures = source.failures()
    const cgroup = source.cgroup(pid) ?? known?.cgroup ?? first
    if (cgroup) source.watch(cgroup)
    const next = {
      cgroup,
      limits: cgroup ? source.limits(cgroup) : { cpuset: undefined, quotas: [] },
      affinity: source.affinity(pid, onlineCpus),
      readNs: nowNs,
    }
    // What could not be read is not without a limit for that.
    if (source.failures() !== failures) return known ?? next
    kept.delete(key)
    kept.set(key, next)
    dropOldest(kept, MAX_KEPT)
    return next
  }

  return (
    processes: readonly ProcessIdentity[],
    { node, beginNs, endNs }: MeasuredInterval,
  ): CpuAllowance => {
    const looked = processes.slice(0, MAX_MEMBERS).map((identity) => read(identity, node.cpus, endNs))
    const { cpus, allowed } = targetCpus(looked, node.cpus)
    const cgroups = looked.flatMap(({ cgroup }) => cgroup ?? [])
    return { cpus, allowed, throttled: source.throttled(cgroups, beginNs, endNs) }
  }
}
