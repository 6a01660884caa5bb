import { setTimeout as sleep } from 'node:timers/promises'
import { TARGETS_PATH } from '../api/paths.js'
import { read } from '../api/schema.js'
import { TARGET } from '../api/target.js'
import { parseDuration } from '../config/duration.js'
import { type Criteria, type Decision, decideOn, NOT_ASKED, PASSED, REGRESSED } from './deploy-decision.js'
import { askExporter, DEFAULT_EXPORTER } from './exporter-answer.js'
import type { Terminal } from './terminal.js'

export interface DeployCheckOptions extends Criteria {
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

/** What of a target is looked at. */
const LOOKED_AT = TARGET.pick({ name: true, deploy: true })

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

/**
 * `deploy-check`: whether the last deploy of a target made it less parallel, for pipelines.
 *
 * @param nowSeconds After the epoch.
 * @returns the exit status: 0 passed, 1 regressed, 3 the exporter could not be asked, 4 undecided.
 */
export async function deployCheck(
  options: DeployCheckOptions,
  terminal: Terminal,
  nowSeconds: () => number,
): Promise<number> {
  const deadline = nowSeconds() + options.waitSeconds
  let decision = await decide(options, nowSeconds())
  while (decision.status !== PASSED && decision.status !== REGRESSED && nowSeconds() < deadline) {
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
  const { target, from } = options
  const url = `${from}${TARGETS_PATH}/${encodeURIComponent(target)}`
  const notAsked = (problem: string) => ({ status: NOT_ASKED, text: `${target}: ${problem}` })
  const answer = await askExporter(url, '--from')
  if (!answer.ok)
    return notAsked(answer.status === 404 ? 'the exporter has no such target now' : answer.problem)
  const found = read(LOOKED_AT, answer.body)
  return found === undefined
    ? notAsked(`what answers at ${new URL(url).host} is no amdahl_exporter of this version`)
    : decideOn(found.deploy, options, nowSeconds)
}
