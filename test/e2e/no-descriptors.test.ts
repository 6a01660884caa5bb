import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { type Exporter, startExporter } from './support/exporter.js'
import { sleep, stop, until } from './support/process.js'
import { isThorough, needs } from './support/requirements.js'

/** Runs a third of a CPU. */
const LOOP = 'while :; do i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done; sleep 0.2; done'

let folder: string | undefined
let program: ChildProcess | undefined
let exporter: Exporter | undefined

afterEach(async () => {
  program?.kill('SIGKILL')
  if (exporter) await stop(exporter.child)
  if (folder !== undefined) rmSync(folder, { recursive: true })
})

describe.skipIf(!isThorough() || !needs('prlimit', 'nice'))('without descriptors left', () => {
  test('no process has ended, and the log says what is wrong', async () => {
    folder = mkdtempSync(join(tmpdir(), 'amdahl-descriptors-'))
    copyFileSync('/bin/sh', join(folder, 'shopd'))
    program = spawn('nice', ['-n', '19', join(folder, 'shopd'), '-c', LOOP], { stdio: 'ignore' })
    exporter = await startExporter(['--tracer.backend=none'])
    const { child, scrape } = exporter
    const limit = (count: number) =>
      execFileSync('prlimit', [`--pid=${child.pid}`, `--nofile=${count}:20000`])
    const target = 'shopd'
    const started = await until('the target is there', 30, async () =>
      (await scrape()).value('amdahl_target_start_timestamp_seconds', { target }),
    )
    // The connection of the last scrape is open still: it needs no other descriptor.
    limit(Math.min(...freeNumbers(child.pid)))
    await sleep(8000)
    limit(1024)
    const after = await until('it is scraped again', 10, scrape)
    expect(after.value('amdahl_proc_read_errors_total')).toBeGreaterThan(10)
    expect(child.stderr()).toMatch(/level=error msg="file of the kernel not read" err="EMFILE/)
    expect(after.value('amdahl_futex_waits_unattributed_total')).toBe(0)
    expect(after.value('amdahl_target_start_timestamp_seconds', { target })).toBe(started)
    expect(after.value('amdahl_target_restarts_total', { target })).toBe(0)
    expect(after.value('amdahl_target_deploys_total', { target })).toBe(0)
  })
})

/** Numbers that no descriptor of a process has: the least one is given next. */
function freeNumbers(pid: number): readonly number[] {
  const used = new Set(readdirSync(`/proc/${pid}/fd`).map(Number))
  return Array.from({ length: 1000 }, (_, i) => i).filter((number) => !used.has(number))
}
