import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseExposition, type Scrape } from './exposition.js'
import { type Child, type SpawnOptions, start, until } from './process.js'

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
export const MAIN = `${ROOT}dist/main.js`

/** Flags of Node.js that it is started with, by its first line. */
export const nodeFlags = () => /^#!.*? node (.+)$/m.exec(readFileSync(MAIN, 'utf8'))?.[1]?.split(' ') ?? []

/** An exporter on a free port of the loopback interface. */
export interface Exporter {
  readonly child: Child
  readonly url: string
  scrape(): Promise<Scrape>
  /** Resolves when the tracer delivers intervals. */
  ready(): Promise<void>
}

let state: string | undefined

/** A folder that goes with this process: what is kept there is nobody's. */
function ownState(): string {
  if (state === undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'amdahl-state-'))
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
    state = folder
  }
  return state
}

/** So that nothing is kept over the test. */
export const stateFlag = () => `--path.state=${ownState()}`

export async function startExporter(
  args: readonly string[] = [],
  options: SpawnOptions = {},
): Promise<Exporter> {
  const own = ['--web.listen-address=127.0.0.1:0', stateFlag()]
  return watchExporter(start(process.execPath, [...nodeFlags(), MAIN, ...own, ...args], options))
}

/** Waits until an exporter that was started in another way listens. */
export async function watchExporter(child: Child): Promise<Exporter> {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run npm test, which builds it`)
  const address = await until(
    `the exporter listens: ${child.stderr()}`,
    20,
    () => /msg=listening .*addresses="?([\d.]+:\d+)/.exec(child.stderr())?.[1],
  )
  const url = `http://${address}`
  return {
    child,
    url,
    async scrape() {
      const response = await fetch(`${url}/metrics`)
      if (response.status !== 200) throw new Error(`/metrics answered ${response.status}`)
      return parseExposition(await response.text())
    },
    async ready() {
      await until(
        `/-/ready answers 200: ${child.stderr()}`,
        60,
        async () => (await fetch(`${url}/-/ready`)).ok,
      )
    },
  }
}
