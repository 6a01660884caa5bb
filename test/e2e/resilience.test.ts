import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Exporter, MAIN, startExporter, watchExporter } from './support/exporter.js'
import type { Scrape } from './support/exposition.js'
import { sleep, start, stop, until } from './support/process.js'
import { needs, needsTracer } from './support/requirements.js'
import { inlineJobs, startWorkload, type Workload } from './support/workload.js'

/** Process ids of the tracers that an exporter has started, by /proc. */
function tracersOf(exporter: Exporter): readonly number[] {
  const children = readFileSync(`/proc/${exporter.child.pid}/task/${exporter.child.pid}/children`, 'utf8')
  return children
    .split(' ')
    .filter((pid) => pid !== '')
    .map(Number)
    .filter(
      (pid) =>
        existsSync(`/proc/${pid}/comm`) && readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'bpftrace',
    )
}

function isAlive(pid: number): boolean {
  // A process that has ended and was not yet waited for has an empty command line.
  return existsSync(`/proc/${pid}/cmdline`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== ''
}

async function tracerOf(exporter: Exporter): Promise<number> {
  return until('a tracer runs', 30, () => tracersOf(exporter)[0])
}

function counters(scrape: Scrape): ReadonlyMap<string, number> {
  return new Map(
    scrape.samples
      .filter(({ name }) => name.endsWith('_total'))
      .map(({ name, labels, value }) => [`${name}${JSON.stringify(labels)}`, value]),
  )
}

describe.skipIf(!needsTracer() || !needs('make', 'gcc', 'setpriv'))('when something dies', () => {
  let workload: Workload

  beforeAll(async () => {
    workload = await startWorkload('survivor', inlineJobs('0.3', '2ms'))
  })

  afterAll(async () => {
    await workload.finish()
  })

  test('the tracer, by SIGKILL: targets go within two intervals, it comes back, no counter goes back', async () => {
    const exporter = await startExporter()
    await exporter.ready()
    const target = 'survivor'
    await until('p is estimated', 60, async () =>
      (await exporter.scrape()).value('amdahl_target_parallel_fraction', { target, estimator: 'ownership' }),
    )
    const before = await exporter.scrape()
    expect(before.value('amdahl_tracer_up')).toBe(1)

    process.kill(await tracerOf(exporter), 'SIGKILL')
    await sleep(2000)
    const during = await exporter.scrape()
    expect(
      during.samples.filter(
        ({ name }) =>
          /^amdahl_(target|lock|futex_waits_total)/.test(name) && !name.startsWith('amdahl_targets'),
      ),
    ).toEqual([])
    expect(during.value('amdahl_tracer_up')).toBe(0)
    expect(during.value('amdahl_node_cpu_utilization_ratio')).toBeGreaterThan(0)
    expect((await fetch(`${exporter.url}/-/ready`)).status).toBe(503)

    const after = await until('p is estimated again', 60, async () => {
      const scrape = await exporter.scrape()
      return (
        scrape.value('amdahl_target_parallel_fraction', { target, estimator: 'ownership' }) !== undefined &&
        scrape
      )
    })
    expect(after.value('amdahl_tracer_up')).toBe(1)
    expect(after.value('amdahl_tracer_restarts_total')).toBe(1)
    const now = counters(after)
    for (const [key, value] of counters(before)) {
      // Another program of this machine may have waited for a lock before, and for none since.
      const least =
        key.includes('"target"') && !key.includes('"survivor"') ? (now.get(key) ?? value) : now.get(key)
      expect(least, key).toBeGreaterThanOrEqual(value)
    }
    expect(await stop(exporter.child)).toBe(0)
  })

  test('the exporter, by SIGKILL: its tracer is gone within two seconds', async () => {
    const exporter = await startExporter()
    await exporter.ready()
    const tracer = await tracerOf(exporter)
    exporter.child.kill('SIGKILL')
    await until('the tracer is gone', 2, () => !isAlive(tracer))
  })

  test('the exporter, by SIGTERM: it ends its tracer and exits with 0', async () => {
    const exporter = await startExporter()
    await exporter.ready()
    const tracer = await tracerOf(exporter)
    expect(await stop(exporter.child)).toBe(0)
    expect(isAlive(tracer)).toBe(false)
  })

  test('the exporter while its tracer starts', async () => {
    const exporter = await startExporter()
    await tracerOf(exporter)
    expect(await stop(exporter.child)).toBe(0)
  })
})

describe.skipIf(!needs('setpriv'))('where no tracer can run', () => {
  async function expectReduced(exporter: Exporter, reason: RegExp): Promise<void> {
    await until(`the log says why: ${exporter.child.stderr()}`, 20, () =>
      reason.test(exporter.child.stderr()),
    )
    await until('there are two readings', 10, async () =>
      (await exporter.scrape()).value('amdahl_node_cpu_utilization_ratio'),
    )
    const scrape = await exporter.scrape()
    expect(scrape.value('amdahl_node_cpus')).toBeGreaterThan(0)
    expect(scrape.value('amdahl_tracer_up')).toBe(0)
    expect(scrape.samples.filter(({ name }) => name.startsWith('amdahl_target_'))).toEqual([])
    const ready = await fetch(`${exporter.url}/-/ready`)
    expect(ready.status).toBe(503)
    expect(await ready.text()).toMatch(reason)
    expect((await fetch(`${exporter.url}/-/healthy`)).status).toBe(200)
    expect(exporter.child.stderr().match(/level=warn/g)).toHaveLength(1)
    expect(await stop(exporter.child)).toBe(0)
  }

  test('without bpftrace: the service is up and says how to get it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'amdahl-path-'))
    symlinkSync(process.execPath, join(folder, 'node'))
    const exporter = await startExporter([], { env: { ...process.env, PATH: folder } })
    await expectReduced(
      exporter,
      /bpftrace is not installed: install it \(Debian: apt-get install bpftrace\)/,
    )
    rmSync(folder, { recursive: true })
  })

  test('without privileges: the service is up and says what it needs', async () => {
    const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups']
    const child = start('setpriv', [
      ...(process.geteuid?.() === 0 ? nobody : []),
      process.execPath,
      MAIN,
      '--web.listen-address=127.0.0.1:0',
      // The machine's own may be kept there, by root.
      `--path.state=${join(tmpdir(), `amdahl-none-${process.pid}`)}`,
    ])
    await expectReduced(await watchExporter(child), /needs root/)
  })
})
