import type { MeasuredInterval } from '../join/interval.js'
import type { CpuAllowance } from '../join/target-interval.js'
import { identifyCgroup } from '../parse/cgroup.js'
import { createCgroupfs } from '../sample/cgroupfs.js'
import type { Procfs } from '../sample/procfs.js'
import { readContainerFacts } from './container.js'
import { createCpuAllowance } from './cpu-allowance.js'
import { createIdentifier, type Identifier, type NamingRules, type ProcessIdentity } from './identify.js'
import { createNewcomers, type Newcomers } from './newcomers.js'
import { createProcessDirectory } from './process-directory.js'
import { createThrottlingSampler } from './throttling-sampler.js'
import { readUnitLabel } from './unit-labels.js'
import { createUsers } from './users.js'

export interface HostOptions {
  readonly procfs: Procfs
  /** Where procfs is mounted. */
  readonly procfsPath: string
  /** Root of the machine's files. */
  readonly rootfs: string
  readonly rules: NamingRules
  readonly ownPid: number
  /** CLOCK_MONOTONIC. Nanoseconds. */
  readonly monotonicNs: () => bigint
  /** GNU build-id of a file, and names of its ELF sections; none where it cannot be read. */
  readonly readElfFacts: (path: string) => {
    readonly buildId: string | undefined
    readonly sectionNames: readonly string[]
  }
}

/** What the machine says of its processes. */
export interface Host extends Pick<Identifier, 'identify' | 'use'> {
  /** Whether the process runs now, and the same program. */
  isAlive(identity: ProcessIdentity): boolean
  /** What the machine lets these processes use in an interval. */
  allowance(processes: readonly ProcessIdentity[], interval: MeasuredInterval): CpuAllowance
  /** Reads what is read several times in an interval: the throttling of cgroups. */
  sample(): void
  /** Identifies processes of these programs that have just started. */
  meet: Newcomers['look']
  /** When a process that was met so was there, counted in looks. */
  presence: Newcomers['presence']
}

/** @throws {Error} /proc/stat cannot be read. */
export function createHost(options: HostOptions): Host {
  const { procfs, procfsPath, rootfs, monotonicNs } = options
  const directory = createProcessDirectory(procfs, monotonicNs)
  const users = createUsers(rootfs, monotonicNs)
  const ownCgroup = procfs.readCgroup(options.ownPid)
  const identifier = createIdentifier(
    {
      find: directory.find,
      mappings: (pid) => procfs.readMappings(pid) ?? [],
      program(pid) {
        const file = procfs.readExecutable(pid)
        const { buildId, sectionNames } = options.readElfFacts(`${procfsPath}/${pid}/exe`)
        return { executable: file && { ...file, buildId }, sectionNames }
      },
      commandLine: procfs.readCommandLine,
      environment: procfs.readEnvironment,
      cgroup: procfs.readCgroup,
      user(pid) {
        const uid = procfs.readUid(pid)
        if (uid === undefined) return []
        const name = users(uid)
        return name === undefined ? [String(uid)] : [name, String(uid)]
      },
      firstLine: procfs.readFirstLine,
      container: (id) => readContainerFacts(rootfs, id),
      unitLabel: (unit, key) => readUnitLabel(rootfs, unit, key),
    },
    options.rules,
    ownCgroup && identifyCgroup(ownCgroup),
    { timestampSeconds: procfs.readBootTimestampSeconds(), id: procfs.readBootId() },
  )
  const newcomers = createNewcomers(procfs, identifier.identify)
  const cgroupfs = createCgroupfs(procfsPath)
  const throttling = createThrottlingSampler(cgroupfs, monotonicNs)
  return {
    identify: identifier.identify,
    isAlive: ({ facts }) => directory.isAlive(facts),
    allowance: createCpuAllowance({
      cgroup: procfs.readCgroup,
      limits: cgroupfs.readLimits,
      affinity: procfs.readAffinity,
      watch: throttling.watch,
      throttled: throttling.between,
    }),
    sample: throttling.sample,
    meet: newcomers.look,
    presence: newcomers.presence,
    use: identifier.use,
  }
}
