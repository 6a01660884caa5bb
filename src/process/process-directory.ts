import { dropOldest } from '../drop-oldest.js'
import type { ProcessStat } from '../parse/proc-pid-stat.js'
import type { Procfs } from '../sample/procfs.js'

/** One program in one process: from its exec to its end or the next exec. */
export interface ProcessFacts {
  readonly stat: ProcessStat
  readonly exe: string | undefined
}

export interface ProcessDirectory {
  /** The same object as long as the process runs the same program; undefined where it ended before it was looked at. */
  find(pid: number): ProcessFacts | undefined
  /** Whether it runs now: looks at once. */
  isAlive(facts: ProcessFacts): boolean
}

/** Entries are dropped beyond this, oldest first. */
const MAX_PROCESSES = 4096
/** A pid may be reused, or its process exec another program: look again after this time. Nanoseconds. */
const RECHECK_NS = 2_000_000_000n

export function createProcessDirectory(procfs: Procfs, monotonicNs: () => bigint): ProcessDirectory {
  interface Entry {
    facts: ProcessFacts
    checkedNs: bigint
  }
  const entries = new Map<number, Entry>()

  return {
    find(pid) {
      const now = monotonicNs()
      const known = entries.get(pid)
      if (known && now - known.checkedNs < RECHECK_NS) return known.facts
      const stat = procfs.readProcess(pid)
      if (!stat) {
        // It has ended: what was known of it still holds for what it did before.
        entries.delete(pid)
        return known?.facts
      }
      if (stat.hasEnded) return known?.facts
      if (known && isSameProgram(known.facts.stat, stat)) {
        known.checkedNs = now
        return known.facts
      }
      const facts = { stat, exe: procfs.readExe(pid) }
      entries.delete(pid)
      entries.set(pid, { facts, checkedNs: now })
      dropOldest(entries, MAX_PROCESSES)
      return facts
    },
    isAlive({ stat }) {
      const now = procfs.readProcess(stat.pid)
      return now !== undefined && !now.hasEnded && isSameProgram(stat, now)
    },
  }
}

function isSameProgram(a: ProcessStat, b: ProcessStat): boolean {
  return a.startSeconds === b.startSeconds && a.layout === b.layout
}
