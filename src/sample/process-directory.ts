import type { Mapping } from '../parse/proc-maps.js'
import type { ProcessStat } from '../parse/proc-pid-stat.js'
import type { Procfs } from './procfs.js'

/** What /proc says of a process, looked up once per exec. */
export interface ProcessFacts {
  readonly stat: ProcessStat
  readonly exe: string | undefined
  /** As they were when first read, or after a miss. */
  readonly mappings: () => readonly Mapping[]
  /** Reads the mappings again, at most once a second. */
  readonly refreshMappings: () => void
}

export interface ProcessDirectory {
  /** Undefined where the process ended before it was looked at. */
  find(pid: number): ProcessFacts | undefined
}

/** Entries are dropped beyond this, oldest first: one is a few kilobytes of mappings. */
const MAX_PROCESSES = 4096
/** A pid may be reused, or its process exec another program: look again after this time. Nanoseconds. */
const RECHECK_NS = 5_000_000_000n
const REFRESH_NS = 1_000_000_000n

export function createProcessDirectory(procfs: Procfs, monotonicNs: () => bigint): ProcessDirectory {
  interface Entry {
    facts: ProcessFacts
    checkedNs: bigint
  }
  const entries = new Map<number, Entry>()

  function look(pid: number, stat: ProcessStat): ProcessFacts {
    let mappings: readonly Mapping[] | undefined
    let readNs = 0n
    function read(): readonly Mapping[] {
      readNs = monotonicNs()
      mappings = procfs.readMappings(pid) ?? []
      return mappings
    }
    return {
      stat,
      exe: procfs.readExe(pid),
      mappings: () => mappings ?? read(),
      refreshMappings() {
        if (monotonicNs() - readNs > REFRESH_NS) read()
      },
    }
  }

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
      if (
        known &&
        known.facts.stat.startSeconds === stat.startSeconds &&
        known.facts.exe === procfs.readExe(pid)
      ) {
        known.checkedNs = now
        return known.facts
      }
      const facts = look(pid, stat)
      entries.delete(pid)
      entries.set(pid, { facts, checkedNs: now })
      const oldest = entries.keys().next()
      if (entries.size > MAX_PROCESSES && !oldest.done) entries.delete(oldest.value)
      return facts
    },
  }
}
