import { type Comparison, compareParallelFractions, MIN_VERDICT_BATCHES } from '../estimate/comparison.js'
import { addBatch, addSums, type Batch, type BatchSums, NO_BATCHES } from '../estimate/ratio-interval.js'
import { dropOldest } from '../sample/drop-oldest.js'
import { isSameRelease, type Release } from './release.js'

/** One start of a target's program. */
export interface Start extends Release {
  /** Tells processes that had the same pid apart, and one process before and after an exec. */
  readonly key: string
  readonly pid: number
  /** Start of the process, before any exec. Seconds after the epoch. */
  readonly startTimestampSeconds: number
}

/** How a deploy became known. */
export type DeploySource = 'observed' | 'announced'

/** A change of what runs, and what was measured on both sides of it. */
export interface Change {
  /** When the new one started, or was announced. Seconds after the epoch. */
  readonly timestampSeconds: number
  readonly source: DeploySource
  readonly versionBefore: string | undefined
  readonly versionAfter: string | undefined
  readonly before: BatchSums
  readonly after: BatchSums
  readonly lockBefore: string | undefined
  readonly lockAfter: string | undefined
  /** From when to when `after` is measured. Seconds after the epoch. */
  readonly sinceSeconds: number
  readonly untilSeconds: number
}

/** All that a tracker knows, as it is kept over a restart of the exporter. */
export interface TrackerState {
  readonly start: Start | undefined
  /** When its program began to run. Seconds after the epoch. */
  readonly startedAtSeconds: number
  readonly announcedVersion: string | undefined
  readonly deploys: number
  readonly restarts: number
  readonly deploy: Change | undefined
  readonly restart: Change | undefined
  /** What was measured of the running release, and when last. */
  readonly recent: BatchSums
  readonly recentUntilSeconds: number
}

export interface TrackerLimits {
  /** Longest time that is compared on either side of a change. Seconds. */
  readonly compareSeconds: number
  /** Time after a start that is not measured: programs warm up. Seconds. */
  readonly settleSeconds: number
  /** On-CPU samples below which a side has no p. */
  readonly minSamples: number
}

/** A change with its verdict. */
export interface JudgedChange extends Omit<Change, 'before' | 'after'>, Comparison {}

export type Event = 'first' | 'restart' | 'deploy'

export interface ChangeTracker {
  /**
   * Takes what is alive of the target now. Its main process is the oldest one; what follows it when it has ended is a
   * restart, or a deploy if the release is another one.
   *
   * @param alive The processes of the target that are alive.
   * @param nowSeconds After the epoch.
   */
  observe(alive: readonly Start[], nowSeconds: number): Event | undefined
  /** Takes the samples of one interval: those that owned the bottleneck lock, and all. */
  record(batch: Batch, lock: string | undefined, nowSeconds: number): void
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

/** An announcement and the start it speaks of are this far apart at most. Seconds. */
const ANNOUNCEMENT_SECONDS = 600

/** The time that is compared is kept in so many pieces, however short the intervals are. */
const SLICES = 200

interface Slice {
  readonly sinceSeconds: number
  untilSeconds: number
  sums: BatchSums
}

/** Processes that are known to have run beside the main one. */
const MAX_BESIDE = 256

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

/** Creates the tracker of one target's starts. @param state What was kept from an earlier run of the exporter. */
export function createChangeTracker(
  limits: () => TrackerLimits,
  state: TrackerState = NEW_TRACKER,
): ChangeTracker {
  let { start, startedAtSeconds, announcedVersion, deploys, restarts, deploy, restart } = state
  /** Batches of the running release: in slices of time, and as sums from before the exporter was restarted. */
  let recent: Slice[] = []
  let carried = { sums: state.recent, untilSeconds: state.recentUntilSeconds }
  /** Processes that were alive beside the main one, with when each was first seen: they do not follow it. */
  let beside = new Map<string, number>()
  let measuringSinceSeconds = 0
  let lock = deploy?.lockAfter ?? restart?.lockAfter

  function version(): string | undefined {
    return start?.version ?? announcedVersion
  }

  /** What was measured before this instant, as far back as is compared. */
  function recentSums(beforeSeconds: number): BatchSums {
    const from = beforeSeconds - limits().compareSeconds
    const sums = recent
      .filter(({ sinceSeconds, untilSeconds }) => sinceSeconds >= from && untilSeconds < beforeSeconds)
      .reduce((sum, slice) => addSums(sum, slice.sums), NO_BATCHES)
    return carried.untilSeconds >= from ? addSums(carried.sums, sums) : sums
  }

  function keep(batch: Batch, nowSeconds: number): void {
    const { compareSeconds } = limits()
    const last = recent.at(-1)
    if (last && nowSeconds < last.sinceSeconds + compareSeconds / SLICES) {
      last.untilSeconds = nowSeconds
      last.sums = addBatch(last.sums, batch)
    } else {
      const sums = addBatch(NO_BATCHES, batch)
      recent.push({ sinceSeconds: nowSeconds, untilSeconds: nowSeconds, sums })
    }
    const oldest = nowSeconds - compareSeconds
    while ((recent[0]?.sinceSeconds ?? nowSeconds) < oldest) recent.shift()
  }

  function forgetRecent(): void {
    recent = []
    carried = { sums: NO_BATCHES, untilSeconds: 0 }
  }

  function change(
    timestampSeconds: number,
    nowSeconds: number,
    before: Pick<Change, 'before' | 'versionBefore' | 'lockBefore'>,
    source: DeploySource,
  ): Change {
    const sinceSeconds = nowSeconds + limits().settleSeconds
    return {
      ...before,
      timestampSeconds,
      source,
      versionAfter: version(),
      after: NO_BATCHES,
      lockAfter: undefined,
      sinceSeconds,
      untilSeconds: sinceSeconds + limits().compareSeconds,
    }
  }

  /** What the next deploy is compared with: a deploy that was followed at once by another keeps its baseline. */
  function baseline(
    versionBefore: string | undefined,
    lockBefore: string | undefined,
    beforeSeconds: number,
  ): Pick<Change, 'before' | 'versionBefore' | 'lockBefore'> {
    if (deploy && deploy.after.batches < MIN_VERDICT_BATCHES) return deploy
    return { before: recentSums(beforeSeconds), versionBefore, lockBefore }
  }

  /** Another process of the same start is the main one from now on. */
  function become(next: Start): void {
    start = startOf(next)
    startedAtSeconds = next.startTimestampSeconds
    beside.delete(next.key)
  }

  function follow(next: Start, nowSeconds: number, besideSinceSeconds: number | undefined): Event {
    const previous = start
    const versionBefore = version()
    const lockBefore = lock
    // After an exec in one process, its start is no longer the program's.
    const isExec = previous?.pid === next.pid && previous.startTimestampSeconds === next.startTimestampSeconds
    const startedSeconds = isExec ? nowSeconds : next.startTimestampSeconds
    start = startOf(next)
    startedAtSeconds = startedSeconds
    beside = new Map()
    lock = undefined
    if (!previous) {
      measuringSinceSeconds = startedSeconds + limits().settleSeconds
      return 'first'
    }
    measuringSinceSeconds = nowSeconds + limits().settleSeconds
    const isAnnounced =
      deploy?.source === 'announced' && nowSeconds - deploy.timestampSeconds < ANNOUNCEMENT_SECONDS
    if (isSameRelease(previous, next)) {
      restarts += 1
      if (deploy && isAnnounced) {
        deploy = change(startedSeconds, nowSeconds, deploy, 'announced')
        forgetRecent()
        return 'restart'
      }
      const before = { before: recentSums(nowSeconds), versionBefore, lockBefore }
      restart = change(startedSeconds, nowSeconds, before, 'observed')
      return 'restart'
    }
    if (!isAnnounced) {
      announcedVersion = undefined
      deploys += 1
    }
    const before =
      deploy && isAnnounced ? deploy : baseline(versionBefore, lockBefore, besideSinceSeconds ?? nowSeconds)
    deploy = change(startedSeconds, nowSeconds, before, 'observed')
    restart = undefined
    forgetRecent()
    return 'deploy'
  }

  return {
    observe(alive, nowSeconds) {
      const main = start
      const oldest = oldestOf(alive)
      if (main && alive.some(({ key }) => key === main.key)) {
        // An older one that had not been met yet: it is the main process, and always was.
        if (oldest && oldest.startTimestampSeconds < main.startTimestampSeconds) become(oldest)
        for (const other of alive) {
          if (other.key !== start?.key && !beside.has(other.key)) beside.set(other.key, nowSeconds)
        }
        dropOldest(beside, MAX_BESIDE)
        return undefined
      }
      if (!oldest) return undefined
      const besideSinceSeconds = beside.get(oldest.key)
      if (main && besideSinceSeconds !== undefined) {
        // It was there already: another worker, or another program. The next release of the program is a rolling deploy.
        const isRolling = oldest.program === main.program && !isSameRelease(main, oldest)
        if (!isRolling) {
          become(oldest)
          return undefined
        }
      }
      return follow(oldest, nowSeconds, besideSinceSeconds)
    },
    record(batch, lockLabel, nowSeconds) {
      if (lockLabel !== undefined) lock = lockLabel
      if (nowSeconds < measuringSinceSeconds || !(batch.whole > 0)) return
      keep(batch, nowSeconds)
      deploy = deploy && addTo(deploy, batch, lock, nowSeconds)
      restart = restart && addTo(restart, batch, lock, nowSeconds)
    },
    announce(announced, nowSeconds) {
      const isOfLast =
        deploy !== undefined &&
        nowSeconds - deploy.timestampSeconds < ANNOUNCEMENT_SECONDS &&
        (deploy.versionAfter === undefined || announced === undefined || deploy.versionAfter === announced)
      if (deploy && isOfLast) {
        announcedVersion = announced ?? announcedVersion
        deploy = { ...deploy, versionAfter: deploy.versionAfter ?? announced }
        return deploy.timestampSeconds
      }
      const before = baseline(version(), lock, nowSeconds)
      announcedVersion = announced
      deploys += 1
      measuringSinceSeconds = nowSeconds + limits().settleSeconds
      deploy = {
        ...change(nowSeconds, nowSeconds, before, 'announced'),
        versionAfter: announced ?? version(),
      }
      restart = undefined
      forgetRecent()
      return nowSeconds
    },
    start: () => start,
    startedAtSeconds: () => startedAtSeconds,
    version,
    counts: () => ({ deploys, restarts }),
    deploy: () => deploy && judge(deploy, limits().minSamples),
    restart: () => restart && judge(restart, limits().minSamples),
    state() {
      const untilSeconds = recent.at(-1)?.untilSeconds ?? carried.untilSeconds
      return {
        start,
        startedAtSeconds,
        announcedVersion,
        deploys,
        restarts,
        deploy,
        restart,
        recent: recentSums(untilSeconds + 1e-3),
        recentUntilSeconds: untilSeconds,
      }
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

/** Without what else is known of the process. */
function startOf({ key, pid, startTimestampSeconds, program, executable, version }: Start): Start {
  return { key, pid, startTimestampSeconds, program, executable, version }
}

function addTo(change: Change, batch: Batch, lock: string | undefined, nowSeconds: number): Change {
  if (nowSeconds < change.sinceSeconds || nowSeconds > change.untilSeconds) return change
  return { ...change, after: addBatch(change.after, batch), lockAfter: lock }
}

function judge(change: Change, minSamples: number): JudgedChange {
  return { ...change, ...compareParallelFractions(change.before, change.after, minSamples) }
}
