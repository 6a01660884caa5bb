import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { CgroupPaths } from '../parse/cgroup.js'
import { parseCpuList } from '../parse/cpu-list.js'
import { type Mount, parseMountinfo } from '../parse/mountinfo.js'
import { createProcReads, type OnReadError } from './bounded-read.js'

/** What cgroups let a process use of the machine's CPUs. */
export interface CgroupLimits {
  /** CPUs of the cgroup's cpuset; undefined where it is not limited or not known. */
  readonly cpuset: readonly number[] | undefined
  /**
   * Quotas on the way from the cgroup up to the root, innermost first: the path in the hierarchy of the cpu
   * controller, and CPUs (quota/period). Levels without a quota are left out.
   */
  readonly quotas: readonly { readonly path: string; readonly cpus: number }[]
}

/** How often, and for how long, the quota of one cgroup held processes back since it was made. */
export interface CgroupThrottling {
  readonly path: string
  /** Periods in which the quota ran out. Count. */
  readonly periods: number
  /** Time that run queues were held back, summed over CPUs. Seconds. */
  readonly seconds: number
}

/** Reads of the cgroup file systems; every one is small, synchronous, and never throws. */
export interface Cgroupfs {
  readLimits(paths: CgroupPaths): CgroupLimits
  /** The levels up to the root that have a quota, innermost first. */
  readThrottling(paths: CgroupPaths): readonly CgroupThrottling[]
  /** Reads that failed for another reason than that there is nothing to read, so far. Count. */
  failures(): number
}

type ReadText = (path: string) => string | undefined

/** What the two versions of the cpu and cpuset controllers call the same thing. */
interface Dialect {
  /** CPUs of the quota in this folder; undefined where it has none. */
  readonly quotaCpus: (folder: string, readText: ReadText) => number | undefined
  /** Field of cpu.stat with the time held back, and its unit in seconds. */
  readonly throttledTime: { readonly field: string; readonly unitSeconds: number }
  /** First of these that is there and not empty. */
  readonly cpusetFiles: readonly string[]
}

/** Source: Documentation/admin-guide/cgroup-v2.rst, cpu.max, cpu.stat, cpuset.cpus.effective. */
const V2: Dialect = {
  quotaCpus(folder, readText) {
    const match = /^(\d+) (\d+)$/.exec(readText(join(folder, 'cpu.max')) ?? '')
    return match ? positive(Number(match[1]) / Number(match[2])) : undefined
  },
  throttledTime: { field: 'throttled_usec', unitSeconds: 1e-6 },
  cpusetFiles: ['cpuset.cpus.effective'],
}

/** Source: Documentation/scheduler/sched-bwc.rst, cpu.cfs_quota_us (-1: none); cgroup-v1/cpusets.rst. */
const V1: Dialect = {
  quotaCpus(folder, readText) {
    const [quotaUs, periodUs] = ['cpu.cfs_quota_us', 'cpu.cfs_period_us'].map((file) =>
      Number(readText(join(folder, file)) ?? Number.NaN),
    )
    return positive((quotaUs ?? Number.NaN) / (periodUs ?? Number.NaN))
  },
  throttledTime: { field: 'throttled_time', unitSeconds: 1e-9 },
  cpusetFiles: ['cpuset.effective_cpus', 'cpuset.cpus'],
}

/** A cgroup and those it lies in, innermost first, as far as the mount shows them. */
interface Lineage {
  readonly dialect: Dialect
  readonly levels: readonly { readonly path: string; readonly folder: string }[]
}

/**
 * Creates the reader.
 *
 * @param procfs Where procfs is mounted; its self/mountinfo says where cgroups are, as this process sees them.
 * @param onError Is told of reads that failed for another reason than that there is nothing to read.
 */
export function createCgroupfs(procfs: string, onError?: OnReadError): Cgroupfs {
  const { orUndefined, failures } = createProcReads(onError)
  const readText: ReadText = (path) => orUndefined(() => readFileSync(path, 'utf8').trim())
  const mounts = visible(parseMountinfo(readText(join(procfs, 'self/mountinfo')) ?? ''))
  const v2 = mounts.filter((mount) => mount.type === 'cgroup2')

  /** A controller is in one hierarchy only: in v1's where it is mounted there, as on hybrid hosts. */
  function find({ unified, v1 }: CgroupPaths, controller: string): Lineage | undefined {
    const path = v1.get(controller) ?? unified
    if (path === undefined) return undefined
    const candidates = v1.has(controller)
      ? mounts.filter(({ type, superOptions }) => type === 'cgroup' && superOptions.includes(controller))
      : v2
    for (const mount of candidates) {
      const levels = levelsOf(path, mount)
      if (levels && isFolder(levels[0]?.folder)) return { dialect: v1.has(controller) ? V1 : V2, levels }
    }
    return undefined
  }

  function quotasOf(lineage: Lineage | undefined) {
    return (lineage?.levels ?? []).flatMap(({ path, folder }) => {
      const cpus = lineage?.dialect.quotaCpus(folder, readText)
      return cpus === undefined ? [] : [{ path, folder, cpus }]
    })
  }

  return {
    failures,
    readLimits(paths) {
      return {
        cpuset: cpusetOf(find(paths, 'cpuset'), readText),
        quotas: quotasOf(find(paths, 'cpu')).map(({ path, cpus }) => ({ path, cpus })),
      }
    },
    readThrottling(paths) {
      const lineage = find(paths, 'cpu')
      if (!lineage) return []
      const { field, unitSeconds } = lineage.dialect.throttledTime
      return quotasOf(lineage).flatMap(({ path, folder }) => {
        const stat = readText(join(folder, 'cpu.stat'))
        const periods = fieldOf(stat, 'nr_throttled')
        const time = fieldOf(stat, field)
        return periods === undefined || time === undefined
          ? []
          : [{ path, periods, seconds: time * unitSeconds }]
      })
    },
  }
}

/** A cgroup without the cpuset controller has the CPUs of the nearest one above that has it. */
function cpusetOf(lineage: Lineage | undefined, readText: ReadText): readonly number[] | undefined {
  for (const { folder } of lineage?.levels ?? []) {
    for (const file of lineage?.dialect.cpusetFiles ?? []) {
      const cpus = parseCpuList(readText(join(folder, file)) ?? '')
      if (cpus.length > 0) return cpus
    }
  }
  return undefined
}

/** Of mounts at the same place the last one covers the others. */
function visible(mounts: readonly Mount[]): readonly Mount[] {
  return [...new Map(mounts.map((mount) => [mount.mountPoint, mount])).values()]
}

/**
 * The levels of a cgroup below a mount. Both the path and the mount's root are given from the cgroup namespace of this
 * process, and begin with `/..` for each level that they lie outside of it (cgroup_namespaces(7)). They can be
 * compared only where they climb equally far: the names of the levels in between are not told.
 */
function levelsOf(path: string, mount: Mount): Lineage['levels'] | undefined {
  const cgroup = climb(path)
  const root = climb(mount.root)
  if (cgroup.up !== root.up || root.names.some((name, index) => cgroup.names[index] !== name))
    return undefined
  const levels = []
  for (let depth = cgroup.names.length; depth >= root.names.length; depth -= 1) {
    const names = cgroup.names.slice(0, depth)
    levels.push({
      path: `/${[...Array<string>(cgroup.up).fill('..'), ...names].join('/')}`,
      folder: join(mount.mountPoint, ...names.slice(root.names.length)),
    })
  }
  return levels
}

function climb(path: string): { readonly up: number; readonly names: readonly string[] } {
  const parts = path.split('/').filter((part) => part !== '')
  const first = parts.findIndex((part) => part !== '..')
  const up = first < 0 ? parts.length : first
  return { up, names: parts.slice(up) }
}

function fieldOf(stat: string | undefined, field: string): number | undefined {
  const match = stat && new RegExp(`^${field} (\\d+)$`, 'm').exec(stat)
  return match ? Number(match[1]) : undefined
}

function positive(cpus: number): number | undefined {
  return Number.isFinite(cpus) && cpus > 0 ? cpus : undefined
}

function isFolder(path: string | undefined): boolean {
  try {
    return path !== undefined && statSync(path).isDirectory()
  } catch {
    return false
  }
}
