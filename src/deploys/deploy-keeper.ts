import type { Logger } from '../log/logger.js'
import { messageOf } from '../log/message-of.js'
import type { TrackerState } from './change-tracker.js'
import type { StateFile } from './state-file.js'

/** Keeps what is known of deploys over a restart of the exporter. */
export interface DeployKeeper {
  /** What an earlier run kept; undefined where that cannot be read. */
  read(): ReadonlyMap<string, TrackerState> | undefined
  /** Saves from time to time, as long as it is not stopped. */
  start(): void
  /** @returns why it could not be saved, if so. */
  save(): Promise<string | undefined>
  /** Saves a last time, if it was started. */
  stop(): Promise<void>
}

/** Between two savings of what was measured before and after deploys; deploys themselves are saved at once. */
const SAVE_INTERVAL_MS = 60_000

/** @param states What is known now. */
export function createDeployKeeper(
  file: StateFile,
  states: () => ReadonlyMap<string, TrackerState>,
  logger: Logger,
): DeployKeeper {
  let timer: NodeJS.Timeout | undefined
  let lastProblem: string | undefined

  async function save(): Promise<string | undefined> {
    const known = states()
    if (known.size === 0) return undefined
    const problem = await file.write(known).then(() => undefined, messageOf)
    if (problem !== undefined && problem !== lastProblem) {
      logger.warn({ err: problem }, 'the deploys could not be saved: choose another folder with --path.state')
    }
    lastProblem = problem
    return problem
  }

  return {
    read() {
      try {
        return file.read()
      } catch (error) {
        logger.warn({ err: messageOf(error) }, 'the deploys of an earlier run are not known')
        return undefined
      }
    },
    start() {
      timer = setInterval(() => void save(), SAVE_INTERVAL_MS)
    },
    save,
    async stop() {
      if (!timer) return
      clearInterval(timer)
      timer = undefined
      await save()
    },
  }
}
