import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'
import type { ThreadTimes } from '../join/thread-interval.js'
import { parseProcPidStat } from '../parse/proc-pid-stat.js'
import { parseProcSchedstat } from '../parse/proc-schedstat.js'
import { createProcReads, type ProcReads } from './bounded-read.js'

/** A thread whose file is open: it stays the same thread, whoever gets its id after it. */
export interface OpenThread {
  /** Undefined where the thread has ended. */
  read(): ThreadTimes | undefined
  close(): void
}

/** What /proc says of threads; undefined where they are gone or may not be read. */
export interface ThreadProcfs {
  /** Thread ids of a process; undefined where there are more than `most`. */
  readThreadIds(pid: number, most: number): readonly number[] | undefined
  readThread(pid: number, tid: number): ThreadTimes | undefined
  readThreadName(pid: number, tid: number): string | undefined
  openThread(pid: number, tid: number): OpenThread | undefined
}

/** A line of stat has 52 numbers and a name. */
const BUFFER_BYTES = 2048

interface Source {
  readonly file: 'schedstat' | 'stat'
  parse(text: string): ThreadTimes | undefined
}

/** Nanoseconds, and the waits for a CPU. */
const SCHEDSTAT: Source = {
  file: 'schedstat',
  parse(text) {
    const stat = parseProcSchedstat(text)
    return stat && !('kind' in stat) ? stat : undefined
  },
}

/** Where the kernel has no schedstat (CONFIG_SCHED_INFO) or does not fill it in. */
const STAT: Source = {
  file: 'stat',
  parse(text) {
    const stat = parseProcPidStat(text)
    if ('kind' in stat || stat.hasEnded) return undefined
    return { runSeconds: stat.cpuSeconds, readySeconds: undefined }
  },
}

export function createThreadProcfs(
  root: string,
  { orUndefined }: ProcReads = createProcReads(),
): ThreadProcfs {
  const buffer = Buffer.allocUnsafe(BUFFER_BYTES)
  const pathOf = (pid: number, tid: number, name: string) =>
    join(root, String(pid), 'task', String(tid), name)

  function openSource(pid: number, tid: number, { file, parse }: Source): OpenThread | undefined {
    const opened = orUndefined(() => openSync(pathOf(pid, tid, file), 'r'))
    if (opened === undefined) return undefined
    const read = () =>
      orUndefined(() => parse(buffer.toString('latin1', 0, readSync(opened, buffer, 0, BUFFER_BYTES, 0))))
    if (read() !== undefined) return { read, close: () => closeSync(opened) }
    closeSync(opened)
    return undefined
  }

  function openThread(pid: number, tid: number): OpenThread | undefined {
    return openSource(pid, tid, SCHEDSTAT) ?? openSource(pid, tid, STAT)
  }

  return {
    openThread,
    readThreadIds(pid, most) {
      const names = orUndefined(() => readdirSync(join(root, String(pid), 'task')))
      return names === undefined || names.length > most ? undefined : names.map(Number)
    },
    readThread(pid, tid) {
      const thread = openThread(pid, tid)
      const times = thread?.read()
      thread?.close()
      return times
    },
    readThreadName(pid, tid) {
      // Names are the program's to choose, line breaks included: the kernel adds the last one only.
      return orUndefined(() => readFileSync(pathOf(pid, tid, 'comm'), 'utf8').replace(/\n$/, ''))
    },
  }
}
