import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { type NodeCpuTimes, parseProcStat } from '../parse/proc-stat.js'
import { createProcReads, type ProcReads } from './bounded-read.js'

/** What /proc says of the machine. */
export interface NodeProcfs {
  /** @throws {Error} /proc/stat cannot be read or is not in its documented form. */
  readNodeCpu(): NodeCpuTimes
  /** Seconds after the epoch at which the machine booted. @throws {Error} as readNodeCpu. */
  readBootTimestampSeconds(): number
  /** Another one at each boot; empty where it cannot be read. */
  readBootId(): string
  close(): void
}

/** /proc/stat grows with CPUs and interrupts; its cpu lines come first and fit here for 1 000 CPUs. */
const STAT_BUFFER_BYTES = 128 * 1024

export function createNodeProcfs(root: string, { orUndefined }: ProcReads = createProcReads()): NodeProcfs {
  const buffer = Buffer.allocUnsafe(STAT_BUFFER_BYTES)
  const statPath = join(root, 'stat')
  let stat: number | undefined

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
    close() {
      if (stat !== undefined) closeSync(stat)
      stat = undefined
    },
  }
}
