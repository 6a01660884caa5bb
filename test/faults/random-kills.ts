import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseStates } from '../../src/deploys/state-file.js'
import { createRandom } from '../../src/simulate/random.js'
import type { Keep } from '../bench/truth/children.js'
import type { AnsweredEstimate } from '../bench/truth/row.js'
import { type Exporter, startExporter } from '../e2e/support/exporter.js'
import { isAlive, sleep, stop, until } from '../e2e/support/process.js'
import { descendantsOf, findTracer, type Watching, watch } from './watch.js'
import { startWitness, untilKnown, WITNESS, wrongOf } from './witness.js'

/** What killing at random has led to. */
export interface Killed {
  readonly exporters: number
  readonly tracers: number
  readonly scrapes: number
  readonly given: number
  readonly wrong: number
  /** True p of the witness. Ratio. */
  readonly p: number
  /** Counters that went back, by name and labels: within a life of the exporter, and those of deploys over all of them. */
  readonly backwards: ReadonlySet<string>
  /** Processes that were there two seconds after their exporter was killed. */
  readonly orphans: number
  /** Deploys that the exporter said it had recorded, and those that were not known at the end. */
  readonly announced: number
  readonly lost: number
  /** Times that the state file was not whole after a kill. */
  readonly damaged: number
  /** Files beside the state file at the end: those of the last ten seconds may be. */
  readonly leftFiles: number
  /** After the last kill p was given again within this time. Seconds; undefined: never. */
  readonly knownAfterSeconds: number | undefined
}

/**
 * Longest time between two kills. Half of them are shorter than half a second; the tracer takes about two seconds to its first
 * interval, p twelve, for which one in eight is long enough. Seconds.
 */
const MAX_PAUSE_SECONDS = 30
/** A deploy is announced so long before a kill at most: while it is saved. Milliseconds. */
const MAX_LEAD_MS = 30
const TOKEN = '0123456789abcdef0123456789abcdef'
/** Counters that are kept over the end of the exporter. */
const KEPT = /^amdahl_target_(deploys|restarts)_total\{/

/** Kills the exporter or its tracer, each as often as the other, at moments that are the same for the same seed. */
export async function killAtRandom(kills: number, seed: number, folder: string, keep: Keep): Promise<Killed> {
  const random = createRandom(seed)
  const state = join(folder, 'state')
  const tokenFile = join(folder, 'token')
  mkdirSync(state, { mode: 0o700 })
  writeFileSync(tokenFile, TOKEN, { mode: 0o600 })
  const witness = await startWitness({ folder, keep })
  const estimates: AnsweredEstimate[] = []
  const backwards = new Set<string>()
  let [exporters, tracers, scrapes, orphans, announced, damaged] = [0, 0, 0, 0, 0, 0]
  let kept: ReadonlyMap<string, number> = new Map()
  let life = await begin()

  async function begin(): Promise<{ readonly exporter: Exporter; readonly watching: Watching }> {
    const exporter = await startExporter([`--path.state=${state}`, `--deploys.token-file=${tokenFile}`])
    keep(exporter.child)
    return { exporter, watching: watch(exporter, WITNESS, kept) }
  }

  /** What was seen of it while it lived. */
  async function end(): Promise<void> {
    const seen = await life.watching.stop()
    scrapes += seen.scrapes
    estimates.push(...seen.estimates)
    for (const counter of seen.backwards) backwards.add(counter)
    kept = new Map([...life.watching.counters()].filter(([key]) => KEPT.test(key)))
  }

  /** Each is a version of its own, so that none is taken for another. */
  async function announce(number: number): Promise<void> {
    try {
      const response = await fetch(`${life.exporter.url}/api/v1/deploys`, {
        method: 'POST',
        headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
        body: JSON.stringify({ target: WITNESS, version: `v${number}` }),
      })
      if (response.status === 201) announced += 1
    } catch {
      // It was killed before it answered: whether it is known is not said.
    }
  }

  async function killExporter(number: number): Promise<void> {
    const { child } = life.exporter
    const answered = announce(number)
    await sleep(random() * MAX_LEAD_MS)
    const children = descendantsOf(child.pid)
    child.kill('SIGKILL')
    await child.exited
    exporters += 1
    await Promise.all([answered, end(), sleep(2000)])
    orphans += children.filter(isAlive).length
    if (!isWhole(state)) damaged += 1
    life = await begin()
  }

  for (let number = 1; number <= kills; number += 1) {
    await sleep(random() ** 6 * MAX_PAUSE_SECONDS * 1000)
    const tracer = random() < 0.5 ? findTracer(life.exporter.child.pid) : undefined
    if (tracer === undefined) await killExporter(number)
    else {
      process.kill(tracer, 'SIGKILL')
      tracers += 1
    }
  }
  // One that was left alone: pauses of a tracer that was killed again and again are over.
  await killExporter(kills + 1)
  const knownAfterSeconds = await untilKnown(life.exporter)
  const deploys = await until('the deploys are told', 20, async () =>
    (await life.exporter.scrape()).value('amdahl_target_deploys_total', { target: WITNESS }),
  ).catch(() => 0)
  await end()
  await stop(life.exporter.child)
  const { p } = await witness.finish()
  return {
    exporters,
    tracers,
    scrapes,
    given: estimates.length,
    wrong: wrongOf(estimates, p).length,
    p,
    backwards,
    orphans,
    announced,
    lost: Math.max(0, announced - deploys),
    damaged,
    leftFiles: readdirSync(state).filter((name) => name !== 'deploys.json').length,
    knownAfterSeconds,
  }
}

/** Whether the state is as it was written, if it is there. */
function isWhole(folder: string): boolean {
  const path = join(folder, 'deploys.json')
  if (!existsSync(path)) return true
  try {
    parseStates(readFileSync(path, 'utf8'), path)
    return true
  } catch {
    return false
  }
}
