import { existsSync, readFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { type Exporter, startExporter } from './support/exporter.js'
import { sleep, stop, until } from './support/process.js'

let exporter: Exporter | undefined
afterEach(() => exporter?.child.kill('SIGKILL'))

/** The process that reads for an exporter which has no tracer: its only child. */
async function readerOf({ child }: Exporter): Promise<number> {
  const children = `/proc/${child.pid}/task/${child.pid}/children`
  return until('a reader runs', 10, () => Number(readFileSync(children, 'utf8').split(' ')[0]) || undefined)
}

describe('the process that reads for the exporter', () => {
  test('ends with it, also when it is killed', async () => {
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      exporter = await startExporter(['--tracer.backend=none'])
      const reader = await readerOf(exporter)
      exporter.child.kill(signal)
      await exporter.child.exited
      await until('the reader has ended', 5, () => !existsSync(`/proc/${reader}`))
    }
  })

  test('takes no signal that is meant for the exporter, and opens no debugger', async () => {
    exporter = await startExporter(['--tracer.backend=none'])
    const reader = await readerOf(exporter)
    // It listens for signals once it has answered.
    await until(
      'it has answered',
      10,
      async () => ((await exporter?.scrape())?.value('amdahl_reader_cpu_seconds_total') ?? 0) > 0,
    )
    await sleep(500)
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2']) process.kill(reader, signal)
    await sleep(500)
    expect(await readerOf(exporter)).toBe(reader)
    await expect(fetch('http://127.0.0.1:9229/json')).rejects.toThrow()
    expect(await stop(exporter.child)).toBe(0)
  })
})
