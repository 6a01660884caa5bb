import { closeSync, openSync, readFileSync, readlinkSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { type Mapping, parseProcMaps } from '../parse/proc-maps.js'
import { type ProcessStat, parseProcPidStat } from '../parse/proc-pid-stat.js'
import { type NodeCpuTimes, parseProcStat } from '../parse/proc-stat.js'

/** Reads of /proc; every one is a small synchronous read of kernel memory, which never waits for a disk. */
export interface Procfs {
  /** @throws {Error} /proc/stat cannot be read or is not in its documented form. */
  readNodeCpu(): NodeCpuTimes
  /** Seconds after the epoch at which the machine booted. @throws {Error} as readNodeCpu. */
  readBootTimestampSeconds(): number
  /** Undefined where the process is gone or may not be read. */
  readProcess(pid: number): ProcessStat | undefined
  readMappings(pid: number): readonly Mapping[] | undefined
  readExe(pid: number): string | undefined
  close(): void
}

/** /proc/stat grows with CPUs and interrupts; its cpu lines come first and fit here for 1 000 CPUs. */
const STAT_BUFFER_BYTES = 128 * 1024

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
    close() {
      if (stat !== undefined) closeSync(stat)
      stat = undefined
    },
  }
}
