import {
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  statSync,
} from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { type CgroupPaths, parseProcCgroup } from '../parse/cgroup.js'
import { parseCpuList } from '../parse/cpu-list.js'
import { type Mapping, parseProcMaps } from '../parse/proc-maps.js'
import { type ProcessStat, parseProcPidStat } from '../parse/proc-pid-stat.js'
import { type NodeCpuTimes, parseProcStat } from '../parse/proc-stat.js'

/** Reads of /proc; every one is a small synchronous read of kernel memory, which never waits for a disk. */
export interface Procfs {
  /** @throws {Error} /proc/stat cannot be read or is not in its documented form. */
  readNodeCpu(): NodeCpuTimes
  /** Seconds after the epoch at which the machine booted. @throws {Error} as readNodeCpu. */
  readBootTimestampSeconds(): number
  /** Another one at each boot; empty where it cannot be read. */
  readBootId(): string
  /** Undefined where the process is gone or may not be read. */
  readProcess(pid: number): ProcessStat | undefined
  readMappings(pid: number): readonly Mapping[] | undefined
  readExe(pid: number): string | undefined
  /** The file that the process runs, also when its path has another by now. */
  readExecutable(
    pid: number,
  ): { readonly inode: number; readonly sizeBytes: number; readonly mtimeSeconds: number } | undefined
  /** Arguments, separated by spaces. */
  readCommandLine(pid: number): string | undefined
  /** Value of one environment variable, as it was at exec. */
  readEnvironment(pid: number, name: string): string | undefined
  readCgroup(pid: number): CgroupPaths | undefined
  /** Real user id. */
  readUid(pid: number): number | undefined
  readResidentBytes(pid: number): number | undefined
  /**
   * CPUs that the process may run on by the affinity masks of its threads; undefined where its main thread may run on
   * all `onlineCpus`, or cannot be read.
   */
  readAffinity(pid: number, onlineCpus: number): readonly number[] | undefined
  /**
   * First line of a file, as the process itself would open it. In another mount namespace no symbolic link is followed:
   * one could lead to the files of the machine.
   */
  readFirstLine(pid: number, path: string): string | undefined
  close(): void
}

/** /proc/stat grows with CPUs and interrupts; its cpu lines come first and fit here for 1 000 CPUs. */
const STAT_BUFFER_BYTES = 128 * 1024

/** Arguments and environment of a process that are looked at. */
const MAX_ARGUMENTS_BYTES = 64 * 1024
const MAX_LINE_BYTES = 4096
/** Threads whose affinity mask is read: they are looked at only where the main thread has not all CPUs. */
const MAX_THREADS = 256

/** The first bytes of a file, without waiting: what a named pipe holds is no version. */
function readHead(path: string, bytes: number): string {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const buffer = Buffer.alloc(bytes)
    return buffer.toString('utf8', 0, readSync(file, buffer, 0, bytes, 0))
  } finally {
    closeSync(file)
  }
}

/** Creates the reader. `root` is where procfs is mounted: /proc, or the host's as a container sees it. */
export function createProcfs(root: string): Procfs {
  const buffer = Buffer.allocUnsafe(STAT_BUFFER_BYTES)
  const statPath = join(root, 'stat')
  let stat: number | undefined

  function orUndefined<T>(read: () => T): T | undefined {
    try {
      return read()
    } catch {
      // ENOENT, ESRCH: the process ended; EACCES, EPERM: another user's. Either way there is nothing to read.
      return undefined
    }
  }

  function statusField(process: number | string, name: string): string | undefined {
    const text = orUndefined(() => readFileSync(join(root, String(process), 'status'), 'utf8'))
    return text === undefined ? undefined : new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(text)?.[1]
  }

  /** Whether a part of the path below `base` is a symbolic link, or is not there. */
  function leadsThroughLink(base: string, file: string): boolean {
    for (let part = file; part !== base && part.length > base.length; part = dirname(part)) {
      if (orUndefined(() => lstatSync(part).isSymbolicLink()) !== false) return true
    }
    return false
  }

  return {
    readNodeCpu() {
      stat ??= openSync(statPath, 'r')
      const length = readSync(stat, buffer, 0, buffer.length, 0)
      const times = parseProcStat(buffer.toString('latin1', 0, length))
      if ('kind' in times) throw new Error(`${statPath}:${times.line}: ${times.message}`)
      return times
    },
    readBootTimestampSeconds() {
      const match = /^btime (\d+)$/m.exec(readFileSync(statPath, 'latin1'))
      if (!match) throw new Error(`${statPath}: no btime line`)
      return Number(match[1])
    },
    readBootId() {
      return (orUndefined(() => readFileSync(join(root, 'sys/kernel/random/boot_id'), 'latin1')) ?? '').trim()
    },
    readProcess(pid) {
      const text = orUndefined(() => readFileSync(join(root, String(pid), 'stat'), 'utf8'))
      const process = text === undefined ? undefined : parseProcPidStat(text)
      return process && 'kind' in process ? undefined : process
    },
    readMappings(pid) {
      const text = orUndefined(() => readFileSync(join(root, String(pid), 'maps'), 'utf8'))
      return text === undefined ? undefined : parseProcMaps(text)
    },
    readExe(pid) {
      return orUndefined(() => readlinkSync(join(root, String(pid), 'exe')))
    },
    readExecutable(pid) {
      return orUndefined(() => {
        const { ino, size, mtimeMs } = statSync(join(root, String(pid), 'exe'))
        return { inode: ino, sizeBytes: size, mtimeSeconds: mtimeMs / 1000 }
      })
    },
    readCommandLine(pid) {
      const text = orUndefined(() => readHead(join(root, String(pid), 'cmdline'), MAX_ARGUMENTS_BYTES))
      return text?.replace(/\0+$/, '').replaceAll('\0', ' ')
    },
    readEnvironment(pid, name) {
      const text = orUndefined(() => readHead(join(root, String(pid), 'environ'), MAX_ARGUMENTS_BYTES))
      const prefix = `${name}=`
      return text
        ?.split('\0')
        .find((variable) => variable.startsWith(prefix))
        ?.slice(prefix.length)
    },
    readCgroup(pid) {
      const text = orUndefined(() => readFileSync(join(root, String(pid), 'cgroup'), 'utf8'))
      return text === undefined ? undefined : parseProcCgroup(text)
    },
    readUid(pid) {
      const uid = statusField(pid, 'Uid')
      return uid === undefined ? undefined : Number(uid.split(/\s+/)[0])
    },
    readResidentBytes(pid) {
      const size = /^(\d+) kB$/.exec(statusField(pid, 'VmRSS') ?? '')?.[1]
      return size === undefined ? undefined : Number(size) * 1024
    },
    readAffinity(pid, onlineCpus) {
      const cpus = new Set(parseCpuList(statusField(pid, 'Cpus_allowed_list') ?? ''))
      if (cpus.size === 0 || cpus.size >= onlineCpus) return undefined
      const threads = orUndefined(() => readdirSync(join(root, String(pid), 'task'))) ?? []
      for (const thread of threads.slice(0, MAX_THREADS)) {
        const list = statusField(`${pid}/task/${thread}`, 'Cpus_allowed_list')
        for (const cpu of parseCpuList(list ?? '')) cpus.add(cpu)
      }
      return [...cpus].sort((a, b) => a - b)
    },
    readFirstLine(pid, path) {
      const own = orUndefined(() => readlinkSync(join(root, String(pid), 'root')))
      const file = join(root, String(pid), 'root', normalize(path))
      const isForeign =
        own !== '/' ||
        orUndefined(() => readlinkSync(join(root, String(pid), 'ns/mnt'))) !==
          orUndefined(() => readlinkSync(join(root, 'self/ns/mnt')))
      if (isForeign && leadsThroughLink(join(root, String(pid), 'root'), file)) return undefined
      return orUndefined(() => readHead(file, MAX_LINE_BYTES))
        ?.split('\n')[0]
        ?.trim()
    },
    close() {
      if (stat !== undefined) closeSync(stat)
      stat = undefined
    },
  }
}
