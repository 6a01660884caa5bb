import { dropOldest } from '../drop-oldest.js'
import type { ProcessProcfs } from '../sample/process-procfs.js'
import type { ProcessIdentity } from './identify.js'

/** The first and the last look at which a process was there. */
export interface Presence {
  readonly first: number
  readonly last: number
}

/** Finds processes while they live that may have ended when the tracer tells of them. */
export interface Newcomers {
  /**
   * Looks for processes that have started since the last look, and identifies those that run one of these programs.
   *
   * @param commandNames None: nothing is looked for.
   */
  look(commandNames: ReadonlySet<string>): readonly ProcessIdentity[]
  /** Of a process that was found so. */
  presence(identity: ProcessIdentity): Presence | undefined
}

/** New processes whose command name is read at one look, and of these those that are identified. */
const MAX_READ = 512
const MAX_IDENTIFIED = 32
/** Processes whose presence is remembered. */
const MAX_PRESENT = 1024

export function createNewcomers(
  procfs: Pick<ProcessProcfs, 'readPids' | 'readProcess'>,
  identify: (pid: number) => ProcessIdentity | undefined,
): Newcomers {
  /** The processes of the last look and of the one before; undefined where there was none. */
  let recent: ReadonlySet<number> | undefined
  let older: ReadonlySet<number> | undefined
  const presences = new Map<string, { readonly pid: number; first: number; last: number }>()
  let looks = 0

  function isWanted(pid: number, commandNames: ReadonlySet<string>): boolean {
    const stat = procfs.readProcess(pid)
    return stat !== undefined && !stat.hasEnded && commandNames.has(stat.comm)
  }

  function meet(pid: number): readonly ProcessIdentity[] {
    const identity = identify(pid)
    if (!identity || presences.has(identity.key)) return []
    presences.set(identity.key, { pid, first: recent?.has(pid) ? looks - 1 : looks, last: looks })
    dropOldest(presences, MAX_PRESENT)
    return [identity]
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
      looks += 1
      const pids = new Set(procfs.readPids())
      for (const presence of presences.values()) {
        if (presence.last === looks - 1 && pids.has(presence.pid)) presence.last = looks
      }
      // Twice: at the first look it may not have begun to run its program yet.
      const known = older ?? recent
      const started = known ? [...pids].filter((pid) => !known.has(pid)).slice(-MAX_READ) : []
      const met = started
        .filter((pid) => isWanted(pid, commandNames))
        .slice(-MAX_IDENTIFIED)
        .flatMap(meet)
      older = recent
      recent = pids
      return met
    },
    presence: ({ key }) => presences.get(key),
  }
}
