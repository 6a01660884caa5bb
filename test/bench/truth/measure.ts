import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Exporter, startExporter } from '../../e2e/support/exporter.js'
import { sleep, stop } from '../../e2e/support/process.js'
import { type Keep, withChildren } from './children.js'
import { between, observe } from './observe.js'
import type { Result } from './page.js'
import type { Answer, Row, Running } from './row.js'
import { truthOf } from './truth.js'
import { judge } from './verdict.js'

/** Of what a row takes, this is left out at its begin: connections, caches, the first wait of a lock. Seconds. */
const MAX_SETTLE = 12
/** Those of the exporter's default and of its least window. Seconds. */
const [MIN_WINDOW, MAX_WINDOW] = [10, 60]

export interface Durations {
  readonly settleSeconds: number
  readonly measuredSeconds: number
  /** estimate.window of the exporter. */
  readonly windowSeconds: number
}

/** @param seconds That one row takes. */
export function durationsOf(seconds: number): Durations {
  const settleSeconds = Math.min(MAX_SETTLE, seconds / 5)
  const measuredSeconds = seconds - settleSeconds
  const windowSeconds = Math.floor(Math.min(MAX_WINDOW, Math.max(MIN_WINDOW, measuredSeconds - 1)))
  return { settleSeconds, measuredSeconds, windowSeconds }
}

/** Rows that run at the same moment: light ones in groups, the others alone. */
export function batchesOf(rows: readonly Row[], atOnce: number): readonly (readonly Row[])[] {
  const light = rows.filter(({ isLight }) => isLight)
  const alone = rows.filter(({ isLight }) => !isLight).map((row) => [row])
  const groups: Row[][] = []
  for (let i = 0; i < light.length; i += atOnce) groups.push(light.slice(i, i + atOnce))
  return [...alone, ...groups]
}

/** Runs rows beside a fresh exporter, so that its window holds nothing else of their targets. */
export async function measure(rows: readonly Row[], durations: Durations): Promise<readonly Result[]> {
  const folder = mkdtempSync(join(tmpdir(), 'amdahl-truth-'))
  // Services that run as other users have their folders in it.
  chmodSync(folder, 0o711)
  try {
    return await withChildren((keep) => measureIn(folder, keep, rows, durations))
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
}

async function measureIn(folder: string, keep: Keep, rows: readonly Row[], durations: Durations) {
  const exporter = await startForRows(rows, folder, durations)
  keep(exporter.child)
  await exporter.ready()
  const running = new Map<Row, Running>()
  for (const row of rows) {
    mkdirSync(folderOf(folder, row))
    running.set(row, await row.start({ folder: folderOf(folder, row), keep }))
  }
  const results = await look(running, exporter, durations)
  await stop(exporter.child)
  return results
}

const folderOf = (folder: string, { name }: Row) => join(folder, name)

async function startForRows(rows: readonly Row[], folder: string, { windowSeconds }: Durations) {
  const targets = rows.map(({ name, target, match }) => ({
    name: target,
    match: match?.(join(folder, name)) ?? { comm: target },
  }))
  const config = join(folder, 'config.yml')
  // JSON is YAML.
  writeFileSync(config, JSON.stringify({ estimate: { window: `${windowSeconds}s` }, targets }))
  return startExporter([`--config.file=${config}`, `--path.state=${folder}`])
}

async function look(
  running: ReadonlyMap<Row, Running>,
  exporter: Exporter,
  { settleSeconds, measuredSeconds, windowSeconds }: Durations,
): Promise<readonly Result[]> {
  await sleep(settleSeconds * 1000)
  for (const one of running.values()) one.reset()
  const before = new Map([...running].map(([row, { pid }]) => [row, observe(pid)]))
  await sleep(measuredSeconds * 1000)
  const answers = await askTargets(exporter.url)
  const results: Result[] = []
  for (const [row, one] of running) {
    const from = before.get(row)
    if (from === undefined) throw new Error(`${row.name} was not looked at`)
    const observed = between(from, observe(one.pid))
    const truth = truthOf(row, observed, await one.finish(), windowSeconds)
    const answer = answers.get(row.target)
    results.push({ ...row, truth, answer, judgement: judge(row, truth, answer) })
  }
  return results
}

/** As JSON has it, of a version of the exporter that may know more than this bench. */
export async function askTargets(url: string): Promise<ReadonlyMap<string, Answer>> {
  const response = await fetch(`${url}/api/v1/targets`)
  const { targets } = (await response.json()) as { targets: readonly (Answer & { name: string })[] }
  return new Map(targets.map((target) => [target.name, target]))
}
