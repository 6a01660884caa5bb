import { readFileSync } from 'node:fs'
import type { Range } from '../api/field.js'
import type { Performance, WhatIfAnswer } from '../api/what-if.js'
import { watchFrom } from '../what-if/deadline.js'
import { findService } from '../what-if/measured-service.js'
import { MAX_CLIENTS, MAX_CPUS, type Question } from '../what-if/question.js'
import { describeRefusal, type LoadFact } from '../what-if/refusal.js'
import { answerWhatIf } from '../what-if/what-if.js'
import { askExporter, DEFAULT_EXPORTER } from './exporter-answer.js'
import { createFlagReader } from './flag-values.js'
import {
  DEFAULTS,
  isCountUpTo,
  readDistribution,
  readSeed,
  refuseOthers,
  type SimulateFlags,
} from './simulate-flags.js'
import { renderTable } from './table.js'
import type { Terminal } from './terminal.js'

export interface WhatIfOptions {
  /** Address of an exporter, or a file with its answer. */
  readonly from: string
  readonly target: string | undefined
  readonly question: Question
  readonly json: boolean
}

/** Between two lines of progress. */
const PROGRESS_MS = 200

/** What a refusal asks for. */
const LOAD_FLAGS: Readonly<Record<LoadFact, string>> = {
  clients: '--clients-now',
  thinkSeconds: '--think',
  demandSeconds: '--demand',
  throughput: '--throughput',
}

/** A difference between model and measurement that is worth a line. */
const MISMATCH_PERCENT = 10

/** Checks the flags; each error is one line that names its flag. */
export function parseWhatIf(flags: SimulateFlags): WhatIfOptions | { readonly errors: readonly string[] } {
  const reader = createFlagReader()
  refuseOthers(flags, reader)
  const count = (flag: string, text: string | undefined) =>
    text === undefined
      ? undefined
      : reader.number(flag, text, `a whole number from 1 to ${MAX_CLIENTS}`, isCountUpTo(MAX_CLIENTS))
  const isPositive = (value: number) => value > 0
  const isCpus = (value: number) => value > 0 && value <= MAX_CPUS
  if (flags.demand !== undefined && flags.throughput !== undefined)
    reader.refuse('--throughput: give this or --demand, not both')
  const options = {
    from: flags.from ?? DEFAULT_EXPORTER,
    target: flags.target,
    json: flags.json === true,
    question: {
      present: {
        clients: count('--clients-now', flags.clientsNow),
        thinkSeconds: flags.think === undefined ? undefined : reader.duration('--think', flags.think),
        demandSeconds:
          flags.demand === undefined ? undefined : reader.duration('--demand', flags.demand, isPositive),
        throughput:
          flags.throughput === undefined
            ? undefined
            : reader.number('--throughput', flags.throughput, 'jobs per second', isPositive),
        demandDistribution: readDistribution(
          '--demand-distribution',
          flags.demandDistribution ?? DEFAULTS.demandDistribution,
          reader,
        ),
      },
      cpus:
        flags.cpus === undefined
          ? undefined
          : reader.number('--cpus', flags.cpus, `a number, ${MAX_CPUS} at most`, isCpus),
      clients: count('--clients', flags.clients),
      holdTimeCut: readCut(flags.holdTimeCut, reader.number),
      seed: readSeed(flags, reader),
    },
  }
  return reader.errors.length > 0 ? { errors: reader.errors } : options
}

/** `50%` → 0.5. */
function readCut(
  text: string | undefined,
  number: ReturnType<typeof createFlagReader>['number'],
): number | undefined {
  if (text === undefined) return undefined
  const percent = number(
    '--hold-time-cut',
    text.replace(/%$/, ''),
    'a share such as 50%, less than 100%',
    (value) => value >= 0 && value < 100,
  )
  return percent / 100
}

/**
 * `simulate --what-if`.
 *
 * @param beginMs When the process started: to start it counts.
 * @returns the exit status: 0 answered, 1 there is no answer.
 */
export async function whatIf(
  { from, target, question, json }: WhatIfOptions,
  terminal: Terminal,
  nowMs: () => number,
  beginMs: number,
): Promise<number> {
  const watch = watchFrom(beginMs, nowMs, createProgress(terminal, nowMs))
  const fail = (problem: string) => {
    terminal.err(`amdahl_exporter: error: ${problem}\n`)
    return 1
  }
  const read = await readAnswer(from)
  if ('problem' in read) return fail(read.problem)
  const found = findService(read.body, target)
  if (!found.ok) return fail(`${from}: ${describeRefusal(found, LOAD_FLAGS)}`)
  const answered = answerWhatIf(found.service, question, watch)
  terminal.progress?.('')
  if (answered.ok !== true) return fail(describeRefusal(answered, LOAD_FLAGS))
  terminal.out(json ? `${JSON.stringify(answered.answer, undefined, 2)}\n` : describeAnswer(answered.answer))
  return 0
}

/** Shows progress now and then, on a terminal. */
function createProgress({ progress }: Terminal, nowMs: () => number): (text: string) => void {
  let saidMs = nowMs()
  return (text) => {
    if (progress === undefined || nowMs() - saidMs < PROGRESS_MS) return
    saidMs = nowMs()
    progress(text)
  }
}

async function readAnswer(from: string): Promise<{ readonly body: unknown } | { readonly problem: string }> {
  if (/^https?:\/\//.test(from)) {
    const answer = await askExporter(`${from.replace(/\/+$/, '')}/api/v1/targets`, '--from')
    return answer.ok ? { body: answer.body } : { problem: answer.problem }
  }
  try {
    return { body: JSON.parse(readFileSync(from, 'utf8')) }
  } catch (error) {
    return {
      problem: `--from: ${from} is no file with an answer of /api/v1/targets: ${(error as Error).message}`,
    }
  }
}

function describeAnswer(answer: WhatIfAnswer): string {
  const { target, bottleneck, load, measured, now, predicted } = answer
  const { kind, name } = bottleneck ?? {}
  const lock = kind === undefined ? '' : `, bottleneck ${kind}${name === undefined ? '' : ` ${name}`}`
  const fitted = load.fitted.length > 0 ? ` (${load.fitted.join(' and ')} fitted to the measurement)` : ''
  const rows = [
    ['', 'measured', 'model of now', 'predicted'],
    ['CPUs', '', String(now.cpus), String(predicted.cpus)],
    ['clients', '', String(now.clients), String(predicted.clients)],
    [
      'p',
      describeRange(measured.parallelFraction),
      ...both(({ parallelFraction }) => parallelFraction.toFixed(3)),
    ],
    ['jobs/s', '', ...both(({ throughput }) => describeRange(throughput))],
    [
      'utilization',
      measured.utilization.toFixed(3),
      ...both(({ utilization }) => describeRange(utilization)),
    ],
    ['queue', measured.queueLength.toFixed(3), ...both(({ queueLength }) => describeRange(queueLength))],
    ['response s', '', ...both(({ responseSeconds }) => describeRange(responseSeconds))],
  ]
  function both(cell: (performance: Performance) => string): readonly string[] {
    return [cell(now), cell(predicted)]
  }
  return (
    `${target}${lock}: ${load.clients} clients, think time ${load.thinkPerDemand.toPrecision(3)} times the CPU time of a job${fitted}\n\n` +
    `${renderTable(rows.filter((row) => row.some((cell, column) => column > 0 && cell !== '')))}\n` +
    describeOthers(answer) +
    describeMismatch(answer) +
    `throughput ${describeRange(answer.throughputRatio)} times that of now, response time ${describeRange(answer.responseRatio)} times\n`
  )
}

/** What is taken for granted of other programs, where there are some. */
function describeOthers({ measured, now }: WhatIfAnswer): string {
  const { otherCpus } = measured
  return otherCpus > 0
    ? `other programs use ${otherCpus.toFixed(2)} of its ${now.cpus} CPUs and are taken to go on so: if they give way, it gets more\n`
    : ''
}

/** Says so where the model of now is not what was measured. */
function describeMismatch({ measured, now }: WhatIfAnswer): string {
  const lines = [
    ['utilization', now.utilization.value, measured.utilization] as const,
    ['queue', now.queueLength.value, measured.queueLength] as const,
  ].map(([name, modelled, seen]) => {
    const percent = 100 * (modelled / seen - 1)
    const side = percent < 0 ? 'below' : 'above'
    return Math.abs(percent) < MISMATCH_PERCENT
      ? ''
      : `the model's ${name} is ${Math.abs(percent).toFixed(0)} % ${side} the measured one: the service is not quite like the model\n`
  })
  return lines.join('')
}

/** Empty where it is not known. */
function describeRange(range: Range | undefined): string {
  if (range === undefined) return ''
  const [value, lower, upper] = [range.value, range.lower, range.upper].map((one) => one.toPrecision(3))
  return `${value} (${lower} to ${upper})`
}
