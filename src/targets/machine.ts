import type { TargetRule } from '../config/target-rule.js'
import { identifyCgroup } from '../parse/cgroup.js'
import type { LockStack } from '../parse/trace-interval.js'
import { createCgroupfs } from '../sample/cgroupfs.js'
import { createProcessDirectory } from '../sample/process-directory.js'
import type { Procfs } from '../sample/procfs.js'
import { createThrottlingSampler } from '../sample/throttling-sampler.js'
import { createUsers } from '../sample/users.js'
import type { LockNamer } from '../symbolize/lock-namer.js'
import { readContainerFacts } from './container.js'
import { createCpuShare } from './cpu-share.js'
import { createIdentifier } from './identify.js'
import { createLockNames } from './lock-names.js'
import type { TargetHost } from './target.js'
import { readUnitLabel } from './unit-labels.js'

export interface MachineOptions {
  readonly procfs: Procfs
  /** Where procfs is mounted. */
  readonly procfsPath: string
  /** Root of the machine's files. */
  readonly rootfs: string
  readonly rules: readonly TargetRule[]
  readonly ownPid: number
  /** CLOCK_MONOTONIC. Nanoseconds. */
  readonly monotonicNs: () => bigint
  readonly lockNamer: LockNamer
  /** GNU build-id of a file. */
  readonly readBuildId: (path: string) => string | undefined
}

/** The machine as targets see it. */
export interface Machine extends TargetHost {
  /** Reads what is read several times in an interval: the throttling of cgroups. */
  sample(): void
  /** Takes the stacks of an interval before the interval itself: they name its locks. */
  offerStacks(stacks: readonly LockStack[]): void
  use(rules: readonly TargetRule[]): void
}

/** @throws {Error} /proc/stat cannot be read. */
export function createMachine(options: MachineOptions): Machine {
  const { procfs, procfsPath, rootfs, monotonicNs, readBuildId } = options
  const directory = createProcessDirectory(procfs, monotonicNs)
  const users = createUsers(rootfs, monotonicNs)
  const ownCgroup = procfs.readCgroup(options.ownPid)
  const identifier = createIdentifier(
    {
      find: directory.find,
      mappings: (pid) => procfs.readMappings(pid) ?? [],
      executable(pid) {
        const file = procfs.readExecutable(pid)
        return file && { ...file, buildId: readBuildId(`${procfsPath}/${pid}/exe`) }
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
  const lockNames = createLockNames(options.lockNamer)
  const cgroupfs = createCgroupfs(procfsPath)
  const throttling = createThrottlingSampler(cgroupfs, monotonicNs)
  return {
    identify: identifier.identify,
    isAlive: ({ facts }) => directory.isAlive(facts),
    lock: (identity, address) => lockNames.refer(identity, address, monotonicNs()),
    cpuShare: createCpuShare({
      cgroup: procfs.readCgroup,
      limits: cgroupfs.readLimits,
      affinity: procfs.readAffinity,
      watch: throttling.watch,
      throttled: throttling.between,
    }),
    sample: throttling.sample,
    offerStacks: (stacks) => lockNames.offer(stacks, monotonicNs()),
    use: identifier.use,
  }
}
