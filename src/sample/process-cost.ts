import type { ProcessStat } from '../parse/proc-pid-stat.js'
import type { Procfs } from './procfs.js'

/** What one process after the other has cost. */
export interface ProcessCost {
  /** User and system time of all of them so far. Seconds. */
  readonly cpuSeconds: number
  /** Of the one that runs now; undefined where none does. Bytes. */
  readonly residentBytes: number | undefined
}

export interface ProcessCostMeter {
  /** Counts the CPU time of the process that runs now; what it takes after the last count is lost when another follows. */
  count(pid: number | undefined): void
  /** Counts as well, and reads the memory. */
  look(pid: number | undefined): ProcessCost
}

export function createProcessCostMeter(
  procfs: Pick<Procfs, 'readProcess' | 'readResidentBytes'>,
): ProcessCostMeter {
  let endedSeconds = 0
  let current: { readonly key: string; readonly cpuSeconds: number } | undefined

  function count(pid: number | undefined): ProcessStat | undefined {
    const read = pid === undefined ? undefined : procfs.readProcess(pid)
    if (read === 'unreadable') return undefined
    const stat = read
    const key = stat && `${stat.pid}@${stat.startSeconds}`
    if (current && key !== current.key) {
      endedSeconds += current.cpuSeconds
      current = undefined
    }
    if (stat && key !== undefined) current = { key, cpuSeconds: stat.cpuSeconds }
    return stat
  }

  return {
    count,
    look(pid) {
      const stat = count(pid)
      return {
        cpuSeconds: endedSeconds + (current?.cpuSeconds ?? 0),
        residentBytes: stat && procfs.readResidentBytes(stat.pid),
      }
    },
  }
}
