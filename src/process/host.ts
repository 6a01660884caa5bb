import type { ReaderProcess } from '../foreign/reader-process.js'
import type { MeasuredInterval } from '../join/interval.js'
import type { CpuAllowance } from '../join/target-interval.js'
import { identifyCgroup } from '../parse/cgroup.js'
import type { OnReadError } from '../sample/bounded-read.js'
import { createCgroupfs } from '../sample/cgroupfs.js'
import type { Procfs } from '../sample/procfs.js'
import { createCpuAllowance } from './cpu-allowance.js'
import { createForeignSource, type LookAnswer } from './foreign-source.js'
import {
  createIdentifier,
  type Identifier,
  keyOf,
  type NamingRules,
  type ProcessIdentity,
} from './identify.js'
import { createNewcomers, type Newcomers } from './newcomers.js'
import { createProcessDirectory } from './process-directory.js'
import type { LookRequest } from './process-looks.js'
import { createThrottlingSampler } from './throttling-sampler.js'
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
  /** Is told of reads that failed for another reason than that there is nothing to read. */
  readonly onReadError: OnReadError
  /** Reads what processes control. */
  readonly reader: Pick<ReaderProcess<LookRequest, LookAnswer>, 'ask'>
}

/** What the machine says of its processes. */
export interface Host extends Identifier {
  /** Whether the process runs now, and the same program. */
  isAlive(identity: ProcessIdentity): boolean
  /** What the machine lets these processes use in an interval. */
  allowance(processes: readonly ProcessIdentity[], interval: MeasuredInterval): CpuAllowance
  /** Reads what is read several times in an interval: the throttling of cgroups. */
  sample(): void
  /** Finds processes of these programs that have just started, and begins to look at them. */
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
  const boot = { timestampSeconds: procfs.readBootTimestampSeconds(), id: procfs.readBootId() }
  const identifier = createIdentifier(
    {
      find: directory.find,
      cgroup: procfs.readCgroup,
      failures: procfs.failures,
      user(pid) {
        const uid = procfs.readUid(pid)
        if (uid === undefined) return []
        const name = users(uid)
        return name === undefined ? [String(uid)] : [name, String(uid)]
      },
      ...createForeignSource(options.reader),
    },
    options.rules,
    ownCgroup && identifyCgroup(ownCgroup),
    boot,
    monotonicNs,
  )
  const newcomers = createNewcomers(procfs, (pid) => {
    const facts = directory.find(pid)
    return facts && facts !== 'unreadable' ? { pid, key: keyOf(boot, facts) } : undefined
  })
  const cgroupfs = createCgroupfs(procfsPath, options.onReadError)
  const throttling = createThrottlingSampler(cgroupfs, monotonicNs)
  return {
    ...identifier,
    isAlive: ({ facts }) => directory.isAlive(facts),
    allowance: createCpuAllowance({
      cgroup: procfs.readCgroup,
      limits: cgroupfs.readLimits,
      affinity: procfs.readAffinity,
      failures: () => procfs.failures() + cgroupfs.failures(),
      watch: throttling.watch,
      throttled: throttling.between,
    }),
    sample: throttling.sample,
    meet(commandNames) {
      const met = newcomers.look(commandNames)
      void identifier.prepare(met.map(({ pid }) => pid))
      return met
    },
    presence: newcomers.presence,
  }
}
