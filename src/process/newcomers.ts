import { dropOldest } from '../drop-oldest.js'
import type { ProcessProcfs } from '../sample/process-procfs.js'

/** The first and the last look at which a process was there. */
export interface Presence {
  readonly first: number
  readonly last: number
}

/** A program in a process. */
export interface Met {
  readonly pid: number
  /** As that of its identity. */
  readonly key: string
}

/** Finds processes while they live that may have ended when the tracer tells of them. */
export interface Newcomers {
  /**
   * Looks for processes that have started since the last look, and finds those that run one of these programs.
   *
   * @param commandNames None: nothing is looked for.
   */
  look(commandNames: ReadonlySet<string>): readonly Met[]
  /** Of a process that was found so. */
  presence(process: Pick<Met, 'key'>): Presence | undefined
}

/** New processes whose command name is read at one look, and of these those that are taken. */
const MAX_READ = 512
const MAX_MET = 32
/** Processes whose presence is remembered. */
const MAX_PRESENT = 1024

export function createNewcomers(
  procfs: Pick<ProcessProcfs, 'readPids' | 'readProcess'>,
  find: (pid: number) => Met | undefined,
): Newcomers {
  /** The processes of the last look and of the one before; undefined where there was none. */
  let recent: ReadonlySet<number> | undefined
  let older: ReadonlySet<number> | undefined
  const presences = new Map<string, { readonly pid: number; first: number; last: number }>()
  let looks = 0

  function isWanted(pid: number, commandNames: ReadonlySet<string>): boolean {
    const stat = procfs.readProcess(pid)
    return stat !== undefined && stat !== 'unreadable' && !stat.hasEnded && commandNames.has(stat.comm)
  }

  function meet(pid: number): readonly Met[] {
    const met = find(pid)
    if (!met || presences.has(met.key)) return []
    presences.set(met.key, { pid, first: recent?.has(pid) ? looks - 1 : looks, last: looks })
    dropOldest(presences, MAX_PRESENT)
    return [met]
  }

  function stop(): void {
    recent = undefined
    older = undefined
    presences.clear()
  }

  return {
    look(commandNames) {
      if (commandNames.size === 0) {
        stop()
        return []
      }
      const read = procfs.readPids()
      if (read === 'unreadable') return []
      looks += 1
      const pids = new Set(read)
      for (const presence of presences.values()) {
        if (presence.last === looks - 1 && pids.has(presence.pid)) presence.last = looks
      }
      // Twice: at the first look it may not have begun to run its program yet.
      const known = older ?? recent
      const started = known ? [...pids].filter((pid) => !known.has(pid)).slice(-MAX_READ) : []
      const met = started
        .filter((pid) => isWanted(pid, commandNames))
        .slice(-MAX_MET)
        .flatMap(meet)
      older = recent
      recent = pids
      return met
    },
    presence: ({ key }) => presences.get(key),
  }
}
