import { setTimeout as sleep } from 'node:timers/promises'
import { parseDuration } from '../config/duration.js'
import { askExporter, DEFAULT_EXPORTER } from './exporter-answer.js'
import type { Terminal } from './terminal.js'

/** Exit statuses of `deploy-check`. */
export const PASSED = 0
export const REGRESSED = 1
export const UNDECIDED = 2
export const NOT_ASKED = 3

export interface DeployCheckOptions {
  readonly target: string
  /** Older deploys are none to check. Seconds. */
  readonly sinceSeconds: number
  /** Largest drop of p that is accepted. Ratio in [0, 1]. */
  readonly maxDrop: number
  /** Address of the exporter. */
  readonly from: string
  /** Longest time until it is decided. Seconds. */
  readonly waitSeconds: number
  readonly json: boolean
}

/** The flags as they are on the command line. */
export interface DeployCheckFlags {
  readonly target: string
  readonly since: string
  readonly maxDrop: string
  readonly from: string
  readonly wait: string
  readonly json?: boolean
}

/** Between two questions to the exporter. */
const POLL_MS = 2000

/** Checks the flags; each error is one line that names its flag. */
export function parseDeployCheck(
  flags: DeployCheckFlags,
): DeployCheckOptions | { readonly errors: readonly string[] } {
  const errors: string[] = []
  const seconds = (flag: string, text: string) => {
    const value = parseDuration(text)
    if (value === undefined)
      errors.push(`${flag}: expected a duration, such as 15m; got ${JSON.stringify(text)}`)
    return value ?? 0
  }
  const sinceSeconds = seconds('--since', flags.since)
  const waitSeconds = seconds('--wait', flags.wait)
  const maxDrop = /^\d*\.?\d+$/.test(flags.maxDrop) ? Number(flags.maxDrop) : Number.NaN
  if (!(maxDrop <= 1)) {
    errors.push(`--max-drop: expected a number from 0 to 1; got ${JSON.stringify(flags.maxDrop)}`)
  }
  const url = URL.canParse(flags.from) ? new URL(flags.from) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    errors.push(`--from: expected an address such as ${DEFAULT_EXPORTER}; got ${JSON.stringify(flags.from)}`)
  }
  if (flags.target === '') errors.push('--target: expected the name of a target; got ""')
  if (errors.length > 0) return { errors }
  const from = flags.from.replace(/\/+$/, '')
  return { target: flags.target, sinceSeconds, waitSeconds, maxDrop, from, json: flags.json === true }
}

interface Estimate {
  readonly value: number
  readonly lower: number
  readonly upper: number
}

/** What of the answer is looked at. */
interface Deploy {
  readonly timestampSeconds: number
  readonly versionBefore?: string
  readonly versionAfter?: string
  readonly lockAfter?: string
  readonly verdict: string
  readonly before: Estimate | { readonly reason: string }
  readonly after: Estimate | { readonly reason: string }
  readonly difference: Estimate | { readonly reason: string }
}

interface Decision {
  readonly status: number
  /** One line for people. */
  readonly text: string
  readonly deploy?: Deploy
}

/**
 * `deploy-check`: whether the last deploy of a target made it less parallel, for pipelines.
 *
 * With d = p after − p before in its 95 % interval: a regression if d ≤ −maxDrop and the interval excludes 0; none if
 * the whole interval lies above −maxDrop; else undecided.
 *
 * @param nowSeconds After the epoch.
 * @returns the exit status: 0 passed, 1 regressed, 2 undecided, 3 the exporter could not be asked.
 */
export async function deployCheck(
  options: DeployCheckOptions,
  terminal: Terminal,
  nowSeconds: () => number,
): Promise<number> {
  const deadline = nowSeconds() + options.waitSeconds
  let decision = await decide(options, nowSeconds())
  while (decision.status >= UNDECIDED && nowSeconds() < deadline) {
    await sleep(POLL_MS)
    decision = await decide(options, nowSeconds())
  }
  const { status, text, deploy } = decision
  const line = options.json ? JSON.stringify({ status, text, deploy }) : text
  if (status === NOT_ASKED && !options.json) terminal.err(`${line}\n`)
  else terminal.out(`${line}\n`)
  return status
}

async function decide(options: DeployCheckOptions, nowSeconds: number): Promise<Decision> {
  const { target, from, sinceSeconds, maxDrop } = options
  const answer = await ask(`${from}/api/v1/targets/${encodeURIComponent(target)}`)
  if ('problem' in answer) return { status: NOT_ASKED, text: `${target}: ${answer.problem}` }
  const { deploy } = answer
  if (!deploy || deploy.timestampSeconds < nowSeconds - sinceSeconds) {
    const last = deploy ? `, the last was ${describeTime(deploy.timestampSeconds)}` : ''
    const text = `${target}: undecided: no deploy was seen in this time${last}; was the program started, and does it wait for locks?`
    return { status: UNDECIDED, text }
  }
  const { difference } = deploy
  if ('reason' in difference) {
    return {
      status: UNDECIDED,
      text: `${target}: undecided: ${difference.reason}; ${describe(deploy)}`,
      deploy,
    }
  }
  if (difference.value <= -maxDrop && difference.upper < 0) {
    return { status: REGRESSED, text: `${target}: regressed: ${describe(deploy)}`, deploy }
  }
  if (difference.lower > -maxDrop)
    return { status: PASSED, text: `${target}: passed: ${describe(deploy)}`, deploy }
  return {
    status: UNDECIDED,
    text: `${target}: undecided: ${describe(deploy)}; ask again, or with --wait`,
    deploy,
  }
}

async function ask(url: string): Promise<{ readonly deploy?: Deploy } | { readonly problem: string }> {
  const answer = await askExporter(url, '--from')
  if (!answer.ok) {
    return { problem: answer.status === 404 ? 'the exporter has no such target now' : answer.problem }
  }
  if (isTarget(answer.body)) return answer.body
  return { problem: `what answers at ${url} is no amdahl_exporter of this version` }
}

function isTarget(body: unknown): body is { readonly deploy?: Deploy } {
  if (!isObject(body) || typeof body.name !== 'string') return false
  const { deploy } = body
  if (deploy === undefined) return true
  return (
    isObject(deploy) &&
    typeof deploy.timestampSeconds === 'number' &&
    [deploy.before, deploy.after, deploy.difference].every(isEstimate)
  )
}

function isEstimate(value: unknown): boolean {
  if (!isObject(value)) return false
  return (
    typeof value.reason === 'string' ||
    [value.value, value.lower, value.upper].every((bound) => typeof bound === 'number')
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function describe({
  versionBefore,
  versionAfter,
  before,
  after,
  difference,
  lockAfter,
  timestampSeconds,
}: Deploy) {
  const versions =
    versionBefore === undefined && versionAfter === undefined
      ? `the deploy of ${describeTime(timestampSeconds)}`
      : `${versionBefore ?? 'an unknown version'} -> ${versionAfter ?? 'an unknown version'}`
  const lock = lockAfter === undefined ? '' : `, bottleneck lock ${lockAfter}`
  return `${versions}: p ${describeEstimate(before)} before, ${describeEstimate(after)} after, difference ${describeEstimate(difference)}${lock}`
}

function describeEstimate(estimate: Deploy['before']): string {
  if ('reason' in estimate) return `unknown (${estimate.reason})`
  const [value, lower, upper] = [estimate.value, estimate.lower, estimate.upper].map((bound) =>
    bound.toFixed(3),
  )
  return `${value} (${lower} to ${upper})`
}

function describeTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}
