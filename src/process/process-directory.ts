import { dropOldest } from '../drop-oldest.js'
import type { ProcessStat } from '../parse/proc-pid-stat.js'
import type { Procfs } from '../sample/procfs.js'

/** One program in one process: from its exec to its end or the next exec. */
export interface ProcessFacts {
  readonly stat: ProcessStat
  readonly exe: string | undefined
}

export interface ProcessDirectory {
  /**
   * The same object as long as the process runs the same program, and a little longer; undefined where it ended before
   * it was looked at.
   */
  find(pid: number): ProcessFacts | 'unreadable' | undefined
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
    isGone: boolean
  }
  const entries = new Map<number, Entry>()

  /** What was known of a process that is gone still holds for what it did before, for a while. */
  function recall(pid: number, known: Entry | undefined, nowNs: bigint): ProcessFacts | undefined {
    if (!known || known.isGone) {
      entries.delete(pid)
      return undefined
    }
    known.isGone = true
    known.checkedNs = nowNs
    return known.facts
  }

  return {
    find(pid) {
      const now = monotonicNs()
      const known = entries.get(pid)
      if (known && now - known.checkedNs < RECHECK_NS) return known.facts
      const stat = procfs.readProcess(pid)
      if (stat === undefined) return recall(pid, known, now)
      if (stat === 'unreadable') return known?.facts ?? stat
      if (stat.hasEnded) return known?.facts
      if (known && isSameProgram(known.facts.stat, stat)) {
        known.checkedNs = now
        return known.facts
      }
      const failures = procfs.failures()
      const facts = { stat, exe: procfs.readExe(pid) }
      if (procfs.failures() !== failures) return 'unreadable'
      entries.delete(pid)
      entries.set(pid, { facts, checkedNs: now, isGone: false })
      dropOldest(entries, MAX_PROCESSES)
      return facts
    },
    isAlive({ stat }) {
      const now = procfs.readProcess(stat.pid)
      // What cannot be read has not ended for that.
      return now === 'unreadable' || (now !== undefined && !now.hasEnded && isSameProgram(stat, now))
    },
  }
}

function isSameProgram(a: ProcessStat, b: ProcessStat): boolean {
  return a.startSeconds === b.startSeconds && a.layout === b.layout
}
