import type { ProcessProcfs } from '../sample/process-procfs.js'
import type { ProcessIdentity } from './identify.js'

/** Finds processes while they live that may have ended when the tracer tells of them. */
export interface Newcomers {
  /**
   * Looks for processes that have started since the last look, and identifies those that run one of these programs.
   *
   * @param commandNames None: nothing is looked for.
   */
  look(commandNames: ReadonlySet<string>): readonly ProcessIdentity[]
}

/** New processes whose command name is read at one look, and of these those that are identified. */
const MAX_READ = 512
const MAX_IDENTIFIED = 32

export function createNewcomers(
  procfs: Pick<ProcessProcfs, 'readPids' | 'readProcess'>,
  identify: (pid: number) => ProcessIdentity | undefined,
): Newcomers {
  /** The processes of the last look and of the one before; undefined where there was none. */
  let recent: ReadonlySet<number> | undefined
  let older: ReadonlySet<number> | undefined

  function isWanted(pid: number, commandNames: ReadonlySet<string>): boolean {
    const stat = procfs.readProcess(pid)
    return stat !== undefined && !stat.hasEnded && commandNames.has(stat.comm)
  }

  return {
    look(commandNames) {
      if (commandNames.size === 0) {
        recent = undefined
        older = undefined
        return []
      }
      const pids = procfs.readPids()
      // Twice: at the first look it may not have begun to run its program yet.
      const known = older ?? recent
      const started = known ? pids.filter((pid) => !known.has(pid)).slice(-MAX_READ) : []
      older = recent
      recent = new Set(pids)
      return started
        .filter((pid) => isWanted(pid, commandNames))
        .slice(-MAX_IDENTIFIED)
        .flatMap((pid) => identify(pid) ?? [])
    },
  }
}
