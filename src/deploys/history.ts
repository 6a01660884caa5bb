import { MIN_VERDICT_BATCHES } from '../estimate/comparison.js'
import type { Batch, BatchSums } from '../estimate/ratio-interval.js'
import { isSameRelease, type Start } from '../process/release.js'
import {
  type Baseline,
  type Change,
  type ChangeLimits,
  createChange,
  measureAfter,
  unmeasured,
} from './change.js'

/** What happened to the program of a target so far. Instants in seconds after the epoch. */
export interface History {
  /** The start that runs, or that ran last. */
  readonly start: Start | undefined
  /** When its program began to run. */
  readonly startedAtSeconds: number
  readonly announcedVersion: string | undefined
  readonly deploys: number
  readonly restarts: number
  readonly deploy: Change | undefined
  /** The last restart of the release that runs now. */
  readonly restart: Change | undefined
  /** Bottleneck lock of the start that runs, as last seen. */
  readonly lock: string | undefined
  /** Roles of its threads that count as sequential resources: what is measured is about them too. */
  readonly sequentialThreads?: readonly string[] | undefined
  /** From when on what runs is measured. */
  readonly measuringSinceSeconds: number
  /** When the start that runs, or that ran last, was last seen alive; undefined: not known. */
  readonly aliveUntilSeconds?: number | undefined
}

export type ChangeEvent = 'first' | 'restart' | 'deploy'

/** What a change of the history needs to know. */
export interface Occasion {
  readonly nowSeconds: number
  readonly limits: ChangeLimits
  /** Whether what ended was one run of a batch command: another program that follows it is no next release of it. */
  readonly isBatch: boolean
  /** What was measured of the running release before an instant. */
  sumsBefore(instantSeconds: number): BatchSums
}

/** The history after an event; `isAnew`: what was measured before is of another release. */
export interface Changed {
  readonly history: History
  readonly event: ChangeEvent
  readonly isAnew: boolean
}

/** An announcement and the start it speaks of are this far apart at most. Seconds. */
const ANNOUNCEMENT_SECONDS = 600

export function versionOf({ start, announcedVersion }: Pick<History, 'start' | 'announcedVersion'>) {
  return start?.version ?? announcedVersion
}

/** What a new deploy is compared with: one that was followed at once by another keeps its baseline. */
function baseline(history: History, beforeSeconds: number, { sumsBefore }: Occasion): Baseline {
  const { deploy, lock } = history
  if (deploy && deploy.after.batches < MIN_VERDICT_BATCHES) return deploy
  return { before: sumsBefore(beforeSeconds), versionBefore: versionOf(history), lockBefore: lock }
}

/**
 * Another start follows.
 *
 * @param togetherSinceSeconds When it was first seen alive together with the one that it follows, if it was.
 */
export function follow(
  history: History,
  next: Start,
  togetherSinceSeconds: number | undefined,
  occasion: Occasion,
): Changed {
  const { start: previous, deploy } = history
  const { nowSeconds, limits, isBatch } = occasion
  // After an exec in one process, its start is no longer the program's.
  const isExec = previous?.pid === next.pid && previous.startTimestampSeconds === next.startTimestampSeconds
  const startedAtSeconds = isExec ? nowSeconds : next.startTimestampSeconds
  const measuringSinceSeconds = (previous ? nowSeconds : startedAtSeconds) + limits.settleSeconds
  const started = { ...history, start: next, startedAtSeconds, measuringSinceSeconds, lock: undefined }
  if (!previous) return { history: started, event: 'first', isAnew: false }
  const announced =
    deploy?.source === 'announced' && nowSeconds - deploy.timestampSeconds < ANNOUNCEMENT_SECONDS
      ? deploy
      : undefined
  const change = (before: Baseline, { announcedVersion }: History, source: Change['source']) =>
    createChange(
      before,
      versionOf({ start: next, announcedVersion }),
      source,
      startedAtSeconds,
      nowSeconds,
      limits,
    )
  const isSame = isSameRelease(previous, next)
  if (isSame || isBatch) {
    const restarted = { ...started, restarts: history.restarts + 1 }
    // An interpreted program: its executable is the same after a deploy.
    if (announced) {
      const history = { ...restarted, deploy: change(announced, started, 'announced') }
      return { history, event: 'restart', isAnew: true }
    }
    const before = {
      before: occasion.sumsBefore(nowSeconds),
      versionBefore: versionOf(history),
      lockBefore: history.lock,
    }
    return {
      // Another program is not compared: the two have no more in common than the name.
      history: { ...restarted, restart: isSame ? change(before, started, 'observed') : undefined },
      event: 'restart',
      isAnew: !isSame,
    }
  }
  const deployed: History = announced
    ? started
    : { ...started, announcedVersion: undefined, deploys: history.deploys + 1 }
  const before = announced ?? baseline(history, togetherSinceSeconds ?? nowSeconds, occasion)
  return {
    history: { ...deployed, deploy: change(before, deployed, 'observed'), restart: undefined },
    event: 'deploy',
    isAnew: true,
  }
}

/**
 * A pipeline says that a version is deployed: of the last deploy, where that was seen not long ago, or of one to come.
 *
 * @returns `isAnew` as Changed has it.
 */
export function announce(
  history: History,
  version: string | undefined,
  occasion: Occasion,
): { readonly history: History; readonly timestampSeconds: number; readonly isAnew: boolean } {
  const { deploy } = history
  const { nowSeconds, limits } = occasion
  if (deploy && isOfLast(deploy, version, nowSeconds)) {
    return {
      history: {
        ...history,
        announcedVersion: version ?? history.announcedVersion,
        deploy: { ...deploy, versionAfter: deploy.versionAfter ?? version },
      },
      timestampSeconds: deploy.timestampSeconds,
      isAnew: false,
    }
  }
  const announced = { ...history, announcedVersion: version }
  return {
    history: {
      ...announced,
      deploys: history.deploys + 1,
      measuringSinceSeconds: nowSeconds + limits.settleSeconds,
      deploy: createChange(
        baseline(history, nowSeconds, occasion),
        version ?? versionOf(announced),
        'announced',
        nowSeconds,
        nowSeconds,
        limits,
      ),
      restart: undefined,
    },
    timestampSeconds: nowSeconds,
    isAnew: true,
  }
}

function isOfLast(
  { timestampSeconds, versionAfter }: Change,
  version: string | undefined,
  nowSeconds: number,
) {
  if (nowSeconds - timestampSeconds >= ANNOUNCEMENT_SECONDS) return false
  return versionAfter === undefined || version === undefined || versionAfter === version
}

/** Of the start that runs something is known that could not be read at first: its version, or its file. */
export function learn(history: History, { version, executable }: Start): History {
  const { start, deploy } = history
  if (!start || (start.version !== undefined && start.executable)) return history
  const known = { ...start, version: start.version ?? version, executable: start.executable ?? executable }
  return {
    ...history,
    start: known,
    deploy: deploy && { ...deploy, versionAfter: deploy.versionAfter ?? version },
  }
}

/** One more interval was measured of what runs. */
export function measure(history: History, batch: Batch, nowSeconds: number): History {
  const { deploy, restart, lock } = history
  return {
    ...history,
    deploy: deploy && measureAfter(deploy, batch, lock, nowSeconds),
    restart: restart && measureAfter(restart, batch, lock, nowSeconds),
  }
}

/** Forgets what was measured: it was about another resource than what will be. */
export function forgetMeasured(history: History): History {
  const { deploy, restart } = history
  return { ...history, deploy: deploy && unmeasured(deploy), restart: restart && unmeasured(restart) }
}
