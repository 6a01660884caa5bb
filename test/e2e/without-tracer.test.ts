import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Exporter, MAIN, watchExporter } from './support/exporter.js'
import type { Scrape } from './support/exposition.js'
import { start, stop, until } from './support/process.js'
import { needs } from './support/requirements.js'
import { startWorkload } from './support/workload.js'

/** Not the default one: the machine's own may be kept there, by root. */
const STATE = `--path.state=${join(tmpdir(), `amdahl-none-${process.pid}`)}`

/** An exporter of an ordinary user. */
async function startAsNobody(...args: readonly string[]): Promise<Exporter> {
  const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups']
  const child = start('setpriv', [
    ...(process.geteuid?.() === 0 ? nobody : []),
    process.execPath,
    MAIN,
    '--web.listen-address=127.0.0.1:0',
    STATE,
    ...args,
  ])
  return watchExporter(child)
}

async function expectNoTracer(exporter: Exporter, reason: RegExp): Promise<Scrape> {
  await exporter.ready()
  const scrape = await until('U is measured', 10, async () => {
    const scrape = await exporter.scrape()
    return scrape.value('amdahl_node_cpu_utilization_ratio') !== undefined && scrape
  })
  expect(scrape.value('amdahl_node_cpus')).toBeGreaterThan(0)
  expect(scrape.value('amdahl_tracer_up')).toBe(0)
  expect(scrape.value('amdahl_tracer_info', { backend: 'none', version: '' })).toBe(1)
  for (const estimator of ['ownership', 'window']) {
    const labels = { estimator, reason: 'no-tracer' }
    expect(scrape.value('amdahl_node_estimate_unavailable', labels)).toBe(1)
  }
  const page = await (await fetch(exporter.url)).text()
  expect(page).toMatch(new RegExp(`none: locks are not seen, and p is not known .*${reason.source}`))
  return scrape
}

describe.skipIf(!needs('setpriv', 'unshare'))('where no tracer can run', () => {
  test('without bpftrace: it answers from /proc and says how to get it', async () => {
    const hide = 'mount --bind /dev/null "$(command -v bpftrace)" && exec "$@"'
    const command = [process.execPath, MAIN, '--web.listen-address=127.0.0.1:0', STATE]
    const exporter = await watchExporter(start('unshare', ['--mount', 'sh', '-c', hide, 'sh', ...command]))
    const reason = /bpftrace is not installed: install it \(Debian: apt-get install bpftrace\)/
    await expectNoTracer(exporter, reason)
    expect(exporter.child.stderr()).toMatch(reason)
    expect(exporter.child.stderr().match(/level=warn/g)).toHaveLength(1)
    expect(await stop(exporter.child)).toBe(0)
  })

  test('one that is asked for and cannot run: not ready, and it says what it needs', async () => {
    const exporter = await startAsNobody('--tracer.backend=bpftrace')
    await until('the log says why', 20, () => /needs root/.test(exporter.child.stderr()))
    const ready = await fetch(`${exporter.url}/-/ready`)
    expect([ready.status, await ready.text()]).toEqual([503, expect.stringMatching(/needs root/)])
    expect((await fetch(`${exporter.url}/-/healthy`)).status).toBe(200)
    expect(await stop(exporter.child)).toBe(0)
  })
})

describe.skipIf(!needs('setpriv', 'make', 'gcc'))('an ordinary user', () => {
  test('sees N, U and B of a real service, no p, and why', async () => {
    const target = 'plain'
    const workload = await startWorkload(target, [
      '--inline',
      '--threads',
      '1',
      '--p',
      '0.5',
      '--demand',
      '2ms',
    ])
    const exporter = await startAsNobody()
    await expectNoTracer(exporter, /needs root/)
    await until('B is known', 20, async () =>
      (await exporter.scrape()).value('amdahl_target_busy_cpus', { target }),
    )
    workload.reset()
    await new Promise((resolve) => setTimeout(resolve, 5000))
    const scrape = await exporter.scrape()
    const { cpu_seconds, seconds } = await workload.finish()
    const busyCpus = scrape.value('amdahl_target_busy_cpus', { target })
    expect(Math.abs((busyCpus ?? 0) - cpu_seconds / seconds)).toBeLessThan(0.1)
    expect(scrape.value('amdahl_target_cpus', { target })).toBe(scrape.value('amdahl_node_cpus'))
    const reasons = scrape.labelValues('amdahl_target_estimate_unavailable', 'reason', { target })
    expect(reasons).toEqual(['no-tracer', 'no-tracer'])
    const names = scrape.samples.filter(({ labels }) => labels.target === target).map(({ name }) => name)
    // Nothing is said of what is not seen: not p, not a lock, no queue of 0, no wait.
    expect(names.filter((name) => /parallel|serial|queue|speedup|_lock_|futex|restarts/.test(name))).toEqual(
      [],
    )
    expect(await stop(exporter.child)).toBe(0)
  })

  test('who asks for no tracer is given none, without a warning', async () => {
    const exporter = await startAsNobody('--tracer.backend=none')
    await expectNoTracer(exporter, /--tracer.backend=none/)
    expect(exporter.child.stderr()).not.toContain('level=warn')
    expect(await stop(exporter.child)).toBe(0)
  })
})
