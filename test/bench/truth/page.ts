import type { Answer, AnsweredEstimate, Truth } from './row.js'
import { type Judgement, VERDICTS, type Verdict } from './verdict.js'

export interface Result {
  readonly name: string
  readonly section: string
  readonly title: string
  readonly command?: string
  readonly truth: Truth
  readonly answer: Answer | undefined
  readonly judgement: Judgement
}

const HEAD = [
  'row',
  'what',
  'true p',
  'true Q',
  'in use',
  'B',
  'CPUs in use',
  'p',
  'window',
  'Q',
  'headroom',
  'limit',
  'regime',
  'fullest',
  'verdict',
]

/** The table of all rows, a section each, with the count of the verdicts before it. */
export function renderTables(results: readonly Result[]): string {
  const sections = [...new Set(results.map(({ section }) => section))]
  return [
    renderCounts(results),
    ...sections.map((section) => {
      const rows = results.filter((result) => result.section === section).map(renderRow)
      return `## ${section}\n\n${renderLine(HEAD)}\n${renderLine(HEAD.map(() => '---'))}\n${rows.join('\n')}\n`
    }),
    renderCommands(results),
  ].join('\n')
}

function renderCounts(results: readonly Result[]): string {
  return tableOfCounts((verdict) => results.filter(({ judgement }) => judgement.verdict === verdict).length)
}

function tableOfCounts(countOf: (verdict: Verdict) => number): string {
  const counts = VERDICTS.map((verdict) => `| ${verdict} | ${countOf(verdict)} |`)
  return `| verdict | rows |\n|---|---|\n${counts.join('\n')}\n`
}

/** Where the page says which rows were made again. */
const MADE_AGAIN = /^Made again, by themselves: (.*)\.\n\n/m

/**
 * Puts rows in place of those of the same name, or where they belong, and says so.
 *
 * @param page As it was written with all rows that there were then.
 * @param day Of these rows.
 * @param order Names of all rows; the one before a new one has to be on the page.
 */
export function replaceRows(
  page: string,
  results: readonly Result[],
  day: string,
  order: readonly string[],
): string {
  const isRow = (line: string) => line.startsWith('| ') && line.includes('| **')
  const lines = page.split('\n')
  const placeOf = (name: string | undefined) =>
    lines.findIndex((line) => isRow(line) && line.startsWith(`| ${name} | `))
  for (const result of results) {
    const place = placeOf(result.name)
    if (place >= 0) lines[place] = renderRow(result)
    else lines.splice(placeOf(order[order.indexOf(result.name) - 1]) + 1, 0, renderRow(result))
  }
  const verdictsIn = (verdict: Verdict) =>
    lines.filter((line) => isRow(line) && line.includes(`| **${verdict}**`))
  const before = MADE_AGAIN.exec(page)?.[1]
  const isOlder = (text: string) => !results.some(({ name }) => text.startsWith(`${name} on `))
  const kept = before?.split(', ').filter(isOlder) ?? []
  const again = [...kept, ...results.map(({ name }) => `${name} on ${day}`)].join(', ')
  return lines
    .join('\n')
    .replace(MADE_AGAIN, '')
    .replace(
      /^\| verdict \| rows \|\n(?:\|.*\n)+/m,
      tableOfCounts((verdict) => verdictsIn(verdict).length),
    )
    .replace(/^Made by .*\n\n/m, (made) => `${made}Made again, by themselves: ${again}.\n\n`)
}

/** How the programs of test/workload were called. */
function renderCommands(results: readonly Result[]): string {
  const rows = results.flatMap(({ name, command }) =>
    command === undefined ? [] : [renderLine([name, `\`${command}\``])],
  )
  return rows.length === 0 ? '' : `## Programs\n\n| row | command |\n|---|---|\n${rows.join('\n')}\n`
}

function renderRow({ name, title, truth, answer, judgement }: Result): string {
  const fullest = answer?.resources?.[0]
  return renderLine([
    name,
    title,
    truth.p?.toFixed(3) ?? (truth.pAtLeast === undefined ? '' : `≥ ${truth.pAtLeast.toFixed(3)}`),
    truth.queue?.toFixed(2) ?? '',
    truth.inUse === undefined ? '' : `${truth.inUse.least.toFixed(2)}–${truth.inUse.most.toFixed(2)}`,
    truth.busyCpus.toFixed(2),
    truth.cpuInUse.toFixed(2),
    answer === undefined ? 'no target' : describeEstimate(answer.parallelFraction.ownership),
    answer === undefined ? '' : describeEstimate(answer.parallelFraction.window),
    answer?.queueLength?.toFixed(2) ?? '',
    answer?.headroomRatio?.toFixed(2) ?? '',
    answer?.speedupLimit?.toFixed(1) ?? '',
    answer?.regime ?? '',
    fullest === undefined
      ? ''
      : `${fullest.kind} ${fullest.name ?? ''} ${fullest.utilizationRatio.toFixed(2)}`,
    [`**${judgement.verdict}**`, ...judgement.why].join('; '),
  ])
}

export function describeEstimate({ value, lower, upper, reason }: AnsweredEstimate): string {
  const range =
    lower === undefined && upper === undefined ? '' : `${lower?.toFixed(3) ?? ''}–${upper?.toFixed(3) ?? ''}`
  if (value !== undefined) return `${value.toFixed(3)} (${range})`
  return [reason, range].filter(Boolean).join(' ')
}

/** A name may hold what ends a cell. */
function renderLine(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
}
