import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { freePort } from '../e2e/support/free-port.js'

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

let state: string
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'amdahl-signals-'))
})
afterEach(() => rmSync(state, { recursive: true }))

/** Starts the built exporter without a tracer. */
function startExporter(port: number, stderr: 'pipe' | number): ChildProcess {
  const flags = [`--web.listen-address=127.0.0.1:${port}`, '--tracer.backend=none', `--path.state=${state}`]
  return spawn(process.execPath, [MAIN, ...flags], { stdio: ['ignore', 'ignore', stderr] })
}

function scrape(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ port, path: '/metrics' }, async (response) => {
      let text = ''
      for await (const chunk of response.setEncoding('utf8')) text += chunk
      resolve(text)
    }).on('error', reject)
  })
}

async function scrapeWhenUp(port: number): Promise<string> {
  for (;;) {
    const text = await scrape(port).catch(() => undefined)
    if (text !== undefined) return text
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

test('signals of log rotation and the like neither end it nor open a debugger', async () => {
  const port = await freePort()
  const exporter = startExporter(port, 'pipe')
  let log = ''
  exporter.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    log += chunk
  })
  await scrapeWhenUp(port)
  for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGHUP', 'SIGPIPE', 'SIGALRM'] as const) exporter.kill(signal)
  for (let count = 0; count < 5; count += 1) await scrape(port)
  exporter.kill('SIGTERM')
  expect(await once(exporter, 'exit')).toEqual([0, null])
  expect(log).toContain('configuration read again')
  expect(log).not.toContain('Debugger')
})

test('a full disk under the log does not end it, and what is lost is counted', async () => {
  const port = await freePort()
  const full = openSync('/dev/full', 'w')
  const exporter = startExporter(port, full)
  closeSync(full)
  const text = await scrapeWhenUp(port)
  expect(Number(/^amdahl_exporter_log_records_dropped_total (\d+)$/m.exec(text)?.[1])).toBeGreaterThan(0)
  exporter.kill('SIGTERM')
  expect(await once(exporter, 'exit')).toEqual([0, null])
})
