import { dropOldest } from '../drop-oldest.js'
import { isSameRelease, type Start } from '../process/release.js'

/** The process that is the main one from now on. */
export interface Successor {
  readonly start: Start
  /** Whether it replaces the main process; else it is another one of the same start, and nothing has happened. */
  readonly isReplacement: boolean
  /** When it was first seen alive together with the main process, if it was. Seconds after the epoch. */
  readonly togetherSinceSeconds: number | undefined
}

/** Tells which process follows the main one of a target. */
export interface Succession {
  /**
   * @param main The main process so far; undefined: there was none.
   * @param alive The processes of the target that are alive.
   * @param nowSeconds After the epoch.
   * @param isBatch Whether the main process, if it has ended, was a run of a batch command: no release follows it.
   * @returns Undefined where the main process stays.
   */
  observe(
    main: Start | undefined,
    alive: readonly Start[],
    nowSeconds: number,
    isBatch?: boolean,
  ): Successor | undefined
}

/** Processes that are known to have been alive together with the main one. */
const MAX_COMPANIONS = 256

/**
 * The main process is the oldest one. When it has ended, one that was alive together with it takes its place, as another
 * worker or another program: that is no change, but for the next release of the same program (a rolling deploy).
 */
export function createSuccession(): Succession {
  /** When each was first seen, by its key. */
  let companions = new Map<string, number>()

  function noteCompanions(main: Start, alive: readonly Start[], nowSeconds: number): void {
    for (const { key } of alive) if (key !== main.key && !companions.has(key)) companions.set(key, nowSeconds)
    dropOldest(companions, MAX_COMPANIONS)
  }

  return {
    observe(main, alive, nowSeconds, isBatch = false) {
      const oldest = oldestOf(alive)
      if (main && alive.some(({ key }) => key === main.key)) {
        // An older one that had not been seen yet: it is the main process, and always was.
        const isElder = oldest && oldest.startTimestampSeconds < main.startTimestampSeconds
        if (isElder) companions.delete(oldest.key)
        noteCompanions(isElder ? oldest : main, alive, nowSeconds)
        return isElder ? { start: oldest, isReplacement: false, togetherSinceSeconds: undefined } : undefined
      }
      if (!oldest) return undefined
      const togetherSinceSeconds = companions.get(oldest.key)
      if (main && togetherSinceSeconds !== undefined) {
        const isRolling = !isBatch && oldest.program === main.program && !isSameRelease(main, oldest)
        if (!isRolling) {
          companions.delete(oldest.key)
          return { start: oldest, isReplacement: false, togetherSinceSeconds }
        }
      }
      companions = new Map()
      return { start: oldest, isReplacement: true, togetherSinceSeconds }
    },
  }
}

function oldestOf(alive: readonly Start[]): Start | undefined {
  return alive.reduce<Start | undefined>(
    (oldest, candidate) =>
      oldest && oldest.startTimestampSeconds <= candidate.startTimestampSeconds ? oldest : candidate,
    undefined,
  )
}
