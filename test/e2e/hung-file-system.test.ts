import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Exporter, startExporter } from './support/exporter.js'
import { sleep, stop, until } from './support/process.js'
import { isThorough, needs } from './support/requirements.js'

/** Runs a third of a CPU. */
const LOOP = 'while :; do i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done; sleep 0.2; done'
/** A scrape has to be answered within this time, whatever hangs. Milliseconds. */
const SCRAPE_MS = 1000

/** A file system of its own that a process serves. */
interface Mount {
  readonly folder: string
  readonly daemon: ChildProcess
}

let folder: string
let mounts: Mount[]
let programs: ChildProcess[]
let exporter: Exporter | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'amdahl-hung-'))
  mounts = []
  programs = []
})

afterEach(async () => {
  for (const { daemon } of mounts) daemon.kill('SIGCONT')
  for (const program of programs) program.kill('SIGKILL')
  exporter?.child.kill('SIGKILL')
  await exporter?.child.exited
  exporter = undefined
  for (const { folder: mounted, daemon } of mounts.toReversed()) {
    execFileSync('umount', ['--lazy', mounted])
    daemon.kill('SIGKILL')
  }
  rmSync(folder, { recursive: true, force: true })
})

/** Shows a folder once more, by a process. */
async function mount(source: string, name: string): Promise<Mount> {
  const mounted = join(folder, name)
  mkdirSync(mounted)
  const daemon = spawn('bindfs', ['-f', '-o', 'allow_other', source, mounted], { stdio: 'inherit' })
  const made = { folder: mounted, daemon }
  mounts.push(made)
  await until(`${mounted} is mounted`, 5, () => readFileSync('/proc/self/mounts', 'utf8').includes(mounted))
  return made
}

function runShell(file: string): ChildProcess {
  const program = spawn('nice', ['-n', '19', file, '-c', LOOP], { stdio: 'ignore' })
  programs.push(program)
  return program
}

describe.skipIf(!isThorough() || process.geteuid?.() !== 0 || !needs('bindfs', 'umount'))(
  'a program on a file system that hangs',
  () => {
    /** How long it took to answer. Milliseconds. */
    async function timeOf(path: string): Promise<number> {
      const begin = performance.now()
      const response = await fetch(`${exporter?.url}${path}`, { signal: AbortSignal.timeout(10_000) })
      await response.text()
      return performance.now() - begin
    }

    test.each<readonly [string, number]>([
      ['that answers nothing', 0],
      // No signal ends a call whose request its daemon has taken (fs/fuse/dev.c, request_wait_answer).
      ['that has taken the request', 1],
    ])('%s stops neither scrapes, nor what is said of others, nor the end', async (_, stopped) => {
      const source = join(folder, 'source')
      mkdirSync(source)
      for (const name of ['hungd', 'shopd']) copyFileSync('/bin/sh', join(source, name))
      const first = await mount(source, 'first')
      const last = stopped === 0 ? first : await mount(first.folder, 'second')
      runShell(join(last.folder, 'hungd'))
      await sleep(500)
      first.daemon.kill('SIGSTOP')
      exporter = await startExporter(['--tracer.backend=none'])
      const { child, scrape } = exporter

      const times: number[] = []
      let isShopStarted = false
      for (let second = 0; second < 20; second += 1) {
        await sleep(1000)
        for (const path of ['/metrics', '/-/healthy']) times.push(await timeOf(path))
        if (second === 8 && !isShopStarted) isShopStarted = runShell(join(source, 'shopd')).pid !== undefined
      }
      expect(Math.max(...times)).toBeLessThan(SCRAPE_MS)
      const scraped = await scrape()
      expect(scraped.value('amdahl_file_reads_refused_total', { reason: 'timeout' })).toBeGreaterThan(0)
      // What hangs is known by its name; what does not is known as ever.
      const targets = scraped.labelValues('amdahl_target_info', 'target')
      expect(targets).toEqual(expect.arrayContaining(['hungd', 'shopd']))
      expect(child.stderr()).toContain('reason=timeout')

      const begin = performance.now()
      expect(await stop(child)).toBe(0)
      expect(performance.now() - begin).toBeLessThan(5000)
    })
  },
)
