import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type CgroupPaths, parseProcCgroup } from '../parse/cgroup.js'
import { parseCpuList } from '../parse/cpu-list.js'
import { type Mapping, parseProcMaps } from '../parse/proc-maps.js'
import { type ProcessStat, parseProcPidStat } from '../parse/proc-pid-stat.js'
import { orUndefined, readHead } from './bounded-read.js'
import { readFirstLine } from './first-line.js'

/** What /proc says of a process; undefined where it is gone or may not be read. */
export interface ProcessProcfs {
  /** The processes that there are. */
  readPids(): readonly number[]
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
}

/** Arguments and environment of a process that are looked at. */
const MAX_ARGUMENTS_BYTES = 64 * 1024
/** Threads whose affinity mask is read: they are looked at only where the main thread has not all CPUs. */
const MAX_THREADS = 256

export function createProcessProcfs(root: string): ProcessProcfs {
  const pathOf = (pid: number, name: string) => join(root, String(pid), name)
  const readText = (pid: number, name: string) => orUndefined(() => readFileSync(pathOf(pid, name), 'utf8'))
  const readArguments = (pid: number, name: string) =>
    orUndefined(() => readHead(pathOf(pid, name), MAX_ARGUMENTS_BYTES))

  return {
    readPids: () => (orUndefined(() => readdirSync(root)) ?? []).map(Number).filter(Number.isSafeInteger),
    readProcess(pid) {
      const text = readText(pid, 'stat')
      const process = text === undefined ? undefined : parseProcPidStat(text)
      return process && 'kind' in process ? undefined : process
    },
    readMappings(pid) {
      const text = readText(pid, 'maps')
      return text === undefined ? undefined : parseProcMaps(text)
    },
    readExe: (pid) => orUndefined(() => readlinkSync(pathOf(pid, 'exe'))),
    readExecutable(pid) {
      return orUndefined(() => {
        const { ino, size, mtimeMs } = statSync(pathOf(pid, 'exe'))
        return { inode: ino, sizeBytes: size, mtimeSeconds: mtimeMs / 1000 }
      })
    },
    readCommandLine: (pid) => readArguments(pid, 'cmdline')?.replace(/\0+$/, '').replaceAll('\0', ' '),
    readEnvironment: (pid, name) => variableOf(readArguments(pid, 'environ'), name),
    readCgroup(pid) {
      const text = readText(pid, 'cgroup')
      return text === undefined ? undefined : parseProcCgroup(text)
    },
    readUid(pid) {
      const uid = fieldOf(readText(pid, 'status'), 'Uid')
      return uid === undefined ? undefined : Number(uid.split(/\s+/)[0])
    },
    readResidentBytes(pid) {
      const size = /^(\d+) kB$/.exec(fieldOf(readText(pid, 'status'), 'VmRSS') ?? '')?.[1]
      return size === undefined ? undefined : Number(size) * 1024
    },
    readAffinity(pid, onlineCpus) {
      const cpus = new Set(allowedCpus(readText(pid, 'status')))
      if (cpus.size === 0 || cpus.size >= onlineCpus) return undefined
      const threads = orUndefined(() => readdirSync(pathOf(pid, 'task'))) ?? []
      for (const thread of threads.slice(0, MAX_THREADS)) {
        for (const cpu of allowedCpus(readText(pid, `task/${thread}/status`))) cpus.add(cpu)
      }
      return [...cpus].sort((a, b) => a - b)
    },
    readFirstLine: (pid, path) => readFirstLine(root, pid, path),
  }
}

/** A field of /proc/PID/status (proc_pid_status(5)). */
function fieldOf(status: string | undefined, name: string): string | undefined {
  return status === undefined ? undefined : new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1]
}

function allowedCpus(status: string | undefined): readonly number[] {
  return parseCpuList(fieldOf(status, 'Cpus_allowed_list') ?? '')
}

function variableOf(environment: string | undefined, name: string): string | undefined {
  const prefix = `${name}=`
  return environment
    ?.split('\0')
    .find((variable) => variable.startsWith(prefix))
    ?.slice(prefix.length)
}
