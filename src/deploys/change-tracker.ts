import type { NamedBy } from '../config/named-by.js'
import { type Batch, type BatchSums, NO_BATCHES } from '../estimate/ratio-interval.js'
import type { Start } from '../process/release.js'
import { type ChangeLimits, type JudgedChange, judgeChange } from './change.js'
import {
  announce,
  type ChangeEvent,
  follow,
  forgetMeasured,
  type History,
  learn,
  measure,
  versionOf,
} from './history.js'
import { createRecentBatches } from './recent-batches.js'
import { createSuccession } from './succession.js'

export type { ChangeEvent } from './history.js'

/** All that a tracker knows, as it is kept over a restart of the exporter. */
export interface TrackerState extends Omit<History, 'lock' | 'measuringSinceSeconds'> {
  /** What was measured of the running release, and when last. */
  readonly recent: BatchSums
  readonly recentUntilSeconds: number
  /** What gave the target its name, and whether a user may have chosen it. */
  readonly namedBy?: NamedBy | undefined
  readonly isUserNamed?: boolean | undefined
}

export interface TrackerLimits extends ChangeLimits {
  /** On-CPU samples below which a side has no p. */
  readonly minSamples: number
}

/** Sees the starts of a target's program, and compares p before and after a change. */
export interface ChangeTracker {
  /**
   * Takes what is alive of the target now. Its main process is the oldest one; what follows it when it has ended is a
   * restart, or a deploy if the release is another one.
   *
   * @param alive The processes of the target that are alive.
   * @param nowSeconds After the epoch.
   */
  observe(alive: readonly Start[], nowSeconds: number): ChangeEvent | undefined
  /** Takes the samples of one interval: those inside the bottleneck, and all. @param lock Name of the bottleneck. */
  record(batch: Batch, lock: string | undefined, nowSeconds: number): void
  /** Roles of the threads that count as sequential resources. */
  sequentialThreads(): readonly string[]
  /** Takes others: what was measured so far was not about them, and is compared with nothing. */
  useSequentialThreads(roles: readonly string[]): void
  /** A pipeline says that a version is deployed. @returns when the deploy took place. Seconds after the epoch. */
  announce(version: string | undefined, nowSeconds: number): number
  /** The running one, or the one that ran last. */
  start(): Start | undefined
  /** When it began to run. Seconds after the epoch. */
  startedAtSeconds(): number
  version(): string | undefined
  counts(): { readonly deploys: number; readonly restarts: number }
  deploy(): JudgedChange | undefined
  /** The last restart of the release that runs now. */
  restart(): JudgedChange | undefined
  state(): TrackerState
}

const NEW_TRACKER: TrackerState = {
  start: undefined,
  startedAtSeconds: 0,
  announcedVersion: undefined,
  deploys: 0,
  restarts: 0,
  deploy: undefined,
  restart: undefined,
  recent: NO_BATCHES,
  recentUntilSeconds: 0,
}

/**
 * Creates the tracker of one target's starts.
 *
 * @param state What was kept from an earlier run of the exporter.
 * @param batchSeconds What has run for less was a batch command; 0 where the target is a service. Seconds.
 */
export function createChangeTracker(
  limits: () => TrackerLimits,
  { recent, recentUntilSeconds, ...known }: TrackerState = NEW_TRACKER,
  batchSeconds: () => number = () => 0,
): ChangeTracker {
  const succession = createSuccession()
  const batches = createRecentBatches(() => limits().compareSeconds, {
    sums: recent,
    untilSeconds: recentUntilSeconds,
  })
  let history: History = {
    ...known,
    lock: known.deploy?.lockAfter ?? known.restart?.lockAfter,
    measuringSinceSeconds: 0,
  }

  const occasion = (nowSeconds: number) => ({
    nowSeconds,
    limits: limits(),
    isBatch: isBatch(),
    sumsBefore: batches.sumsBefore,
  })

  function isBatch(): boolean {
    const { startedAtSeconds, aliveUntilSeconds } = history
    return aliveUntilSeconds !== undefined && aliveUntilSeconds - startedAtSeconds < batchSeconds()
  }

  function take<T extends { readonly history: History; readonly isAnew: boolean }>(changed: T): T {
    history = changed.history
    if (changed.isAnew) batches.clear()
    return changed
  }

  return {
    observe(alive, nowSeconds) {
      const successor = succession.observe(history.start, alive, nowSeconds, isBatch())
      if (!successor) {
        const main = alive.find(({ key }) => key === history.start?.key)
        if (main) history = { ...learn(history, main), aliveUntilSeconds: nowSeconds }
        return undefined
      }
      const start = startOf(successor.start)
      if (!successor.isReplacement) {
        const startedAtSeconds = start.startTimestampSeconds
        history = { ...history, start, startedAtSeconds, aliveUntilSeconds: nowSeconds }
        return undefined
      }
      const { event } = take(follow(history, start, successor.togetherSinceSeconds, occasion(nowSeconds)))
      history = { ...history, aliveUntilSeconds: nowSeconds }
      return event
    },
    record(batch, lock, nowSeconds) {
      if (lock !== undefined) history = { ...history, lock }
      if (nowSeconds < history.measuringSinceSeconds || !(batch.whole > 0)) return
      batches.add(batch, nowSeconds)
      history = measure(history, batch, nowSeconds)
    },
    sequentialThreads: () => history.sequentialThreads ?? [],
    useSequentialThreads(sequentialThreads) {
      history = { ...forgetMeasured(history), sequentialThreads }
      batches.clear()
    },
    announce: (version, nowSeconds) =>
      take(announce(history, version, occasion(nowSeconds))).timestampSeconds,
    start: () => history.start,
    startedAtSeconds: () => history.startedAtSeconds,
    version: () => versionOf(history),
    counts: () => ({ deploys: history.deploys, restarts: history.restarts }),
    deploy: () => history.deploy && judgeChange(history.deploy, limits().minSamples),
    restart: () => history.restart && judgeChange(history.restart, limits().minSamples),
    state() {
      const { lock, measuringSinceSeconds, ...kept } = history
      const { sums, untilSeconds } = batches.state()
      return { ...kept, recent: sums, recentUntilSeconds: untilSeconds }
    },
  }
}

/** Without what else is known of the process. */
function startOf({ key, pid, startTimestampSeconds, program, executable, version }: Start): Start {
  return { key, pid, startTimestampSeconds, program, executable, version }
}
