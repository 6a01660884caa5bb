import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { type CgroupPaths, parseProcCgroup } from '../parse/cgroup.js'
import { parseCpuList } from '../parse/cpu-list.js'
import { type ProcessStat, parseProcPidStat } from '../parse/proc-pid-stat.js'
import { createProcReads, type ProcReads } from './bounded-read.js'

/**
 * What the kernel alone says of a process: nothing that it has made of its memory or its files, which may lie where no
 * read ends. Undefined where it is gone or may not be read.
 */
export interface ProcessProcfs {
  /** The processes that there are. */
  readPids(): readonly number[] | 'unreadable'
  /** `unreadable` where it is there, and could not be read. */
  readProcess(pid: number): ProcessStat | 'unreadable' | undefined
  readExe(pid: number): string | undefined
  readCgroup(pid: number): CgroupPaths | undefined
  /** Real user id. */
  readUid(pid: number): number | undefined
  readResidentBytes(pid: number): number | undefined
  /**
   * CPUs that the process may run on by the affinity masks of its threads; undefined where its main thread may run on
   * all `onlineCpus`, or cannot be read.
   */
  readAffinity(pid: number, onlineCpus: number): readonly number[] | undefined
}

/** Threads whose affinity mask is read: they are looked at only where the main thread has not all CPUs. */
const MAX_THREADS = 256

export function createProcessProcfs(root: string, reads: ProcReads = createProcReads()): ProcessProcfs {
  const { orUndefined, orUnreadable } = reads
  const pathOf = (pid: number, name: string) => `${root}/${pid}/${name}`
  const readText = (pid: number, name: string) => orUndefined(() => readFileSync(pathOf(pid, name), 'utf8'))

  return {
    readPids() {
      const names = orUnreadable(() => readdirSync(root)) ?? []
      return names === 'unreadable' ? names : names.map(Number).filter(Number.isSafeInteger)
    },
    readProcess(pid) {
      const text = orUnreadable(() => readFileSync(pathOf(pid, 'stat'), 'utf8'))
      if (text === undefined || text === 'unreadable') return text
      const process = parseProcPidStat(text)
      return 'kind' in process ? undefined : process
    },
    readExe: (pid) => orUndefined(() => readlinkSync(pathOf(pid, 'exe'))),
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
  }
}

/** A field of /proc/PID/status (proc_pid_status(5)). */
function fieldOf(status: string | undefined, name: string): string | undefined {
  return status === undefined ? undefined : new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1]
}

function allowedCpus(status: string | undefined): readonly number[] {
  return parseCpuList(fieldOf(status, 'Cpus_allowed_list') ?? '')
}
