import type { ReadTarget } from '../api/target.js'

/** Exit statuses of `deploy-check`; 2 is a wrong command line, as with every command. */
export const PASSED = 0
export const REGRESSED = 1
export const NOT_ASKED = 3
export const UNDECIDED = 4

/** What a deploy is held to. */
export interface Criteria {
  readonly target: string
  /** Older deploys are none to check. Seconds. */
  readonly sinceSeconds: number
  /** Largest drop of p that is accepted. Ratio in [0, 1]. */
  readonly maxDrop: number
}

type Deploy = NonNullable<ReadTarget['deploy']>

export interface Decision {
  readonly status: number
  /** One line for people. */
  readonly text: string
  readonly deploy?: Deploy
}

/**
 * Whether a deploy made a target less parallel.
 *
 * With d = p after − p before in its 95 % interval: a regression if d ≤ −maxDrop and the interval excludes 0; none if
 * the whole interval lies above −maxDrop; else undecided.
 *
 * @param deploy The last one; undefined: none was seen.
 * @param nowSeconds After the epoch.
 */
export function decideOn(
  deploy: Deploy | undefined,
  { target, sinceSeconds, maxDrop }: Criteria,
  nowSeconds: number,
): Decision {
  if (!deploy || deploy.timestampSeconds < nowSeconds - sinceSeconds) {
    const last = deploy ? `, the last was ${describeTime(deploy.timestampSeconds)}` : ''
    const text = `${target}: undecided: no deploy was seen in this time${last}; was the program started, and does it wait for locks?`
    return { status: UNDECIDED, text }
  }
  const { difference } = deploy
  const decision = (status: number, text: string) => ({ status, text: `${target}: ${text}`, deploy })
  const comparison = describeComparison(deploy)
  if ('reason' in difference) return decision(UNDECIDED, `undecided: ${difference.reason}; ${comparison}`)
  if (difference.value <= -maxDrop && difference.upper < 0)
    return decision(REGRESSED, `regressed: ${comparison}`)
  if (difference.lower > -maxDrop) return decision(PASSED, `passed: ${comparison}`)
  return decision(UNDECIDED, `undecided: ${comparison}; ask again, or with --wait`)
}

function describeComparison(deploy: Deploy): string {
  const { versionBefore, versionAfter, before, after, difference, lockAfter, timestampSeconds } = deploy
  const versions =
    versionBefore === undefined && versionAfter === undefined
      ? `the deploy of ${describeTime(timestampSeconds)}`
      : `${versionBefore ?? 'an unknown version'} -> ${versionAfter ?? 'an unknown version'}`
  const lock = lockAfter === undefined ? '' : `, bottleneck ${lockAfter}`
  return `${versions}: p ${describeEstimate(before)} before, ${describeEstimate(after)} after, difference ${describeEstimate(difference)}${lock}`
}

function describeEstimate(estimate: Deploy['difference']): string {
  if ('reason' in estimate) return `unknown (${estimate.reason})`
  const [value, lower, upper] = [estimate.value, estimate.lower, estimate.upper].map((bound) =>
    bound.toFixed(3),
  )
  return `${value} (${lower} to ${upper})`
}

function describeTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}
