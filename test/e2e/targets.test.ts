import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Exporter, MAIN, startExporter } from './support/exporter.js'
import { MEASURED } from './support/measured.js'
import { type Child, sleep, start, stop, until } from './support/process.js'
import { isThorough, needs, needsTracer } from './support/requirements.js'
import { inlineJobs, startWorkload, type Workload } from './support/workload.js'

const CAN_RUN = needsTracer() && needs('make', 'gcc')
const thorough = isThorough()

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'amdahl-targets-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Writes a configuration file; its path. */
function configured(name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

/** Runs the command beside the exporter; its exit status and what it printed. */
function run(...args: readonly string[]): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], (error, stdout, stderr) =>
      resolve({ status: typeof error?.code === 'number' ? error.code : 0, text: stdout + stderr }),
    )
  })
}

describe.skipIf(!CAN_RUN)('a deploy', () => {
  const target = 'shop'
  let exporter: Exporter
  let args: readonly string[]
  let running: Workload

  beforeAll(async () => {
    const version = join(folder, 'VERSION')
    const config = configured(
      'deploys.yml',
      `targets: [{ name: ${target}, match: { comm: 'shop-.*' }, version: { file: ${version} } }]
deploys: { settle: 3s, compare: 2m, token_file: ${join(folder, 'token')} }
`,
    )
    writeFileSync(join(folder, 'token'), 'a token for the tests only\n')
    args = [`--config.file=${config}`, '--tracer.interval=500ms', `--path.state=${join(folder, 'state')}`]
    exporter = await startExporter(args)
    await exporter.ready()
  })

  afterAll(async () => {
    await running.finish()
    expect(await stop(exporter.child)).toBe(0)
  })

  async function launch(program: string, version: string, p: string): Promise<number> {
    writeFileSync(join(folder, 'VERSION'), `${version}\n`)
    running = await startWorkload(program, inlineJobs(p, '2ms'))
    return performance.now()
  }

  async function value(name: string, labels: Readonly<Record<string, string>> = {}) {
    return (await exporter.scrape()).value(name, { target, ...labels })
  }

  async function verdict(change: string, expected: string): Promise<true | undefined> {
    const scrape = await exporter.scrape()
    const labels = { target, change, verdict: expected }
    return scrape.value('amdahl_target_change_verdict', labels) === 1 ? true : undefined
  }

  test('from p = 0.8 to 0.5 is seen within 5 s and judged within 60 s', async () => {
    await launch('shop-one', '1.0', '0.8')
    await until('p of the first version', 60, () =>
      value('amdahl_target_parallel_fraction', { estimator: 'ownership' }),
    )
    await sleep(18_000)
    expect(await value('amdahl_target_deploys_total')).toBe(0)
    await running.finish()

    const launched = await launch('shop-two', '2.0', '0.5')
    await until('the deploy is seen', 10, async () => (await value('amdahl_target_deploys_total')) === 1)
    expect((performance.now() - launched) / 1000).toBeLessThan(5)
    const scrape = await exporter.scrape()
    expect(scrape.labelValues('amdahl_target_info', 'version', { target })).toEqual(['2.0'])
    const timestamp = await value('amdahl_target_deploy_timestamp_seconds')
    expect(Math.abs((timestamp ?? 0) - Date.now() / 1000)).toBeLessThan(7)
    expect(await value('amdahl_target_start_timestamp_seconds')).toBe(timestamp)

    await until('the verdict', 60, () => verdict('deploy', 'regressed'))
    expect((performance.now() - launched) / 1000).toBeLessThan(60)
    expect(await value('amdahl_target_deploys_total'), 'the same deploy is counted once').toBe(1)
    const change = 'deploy'
    expect(await value('amdahl_target_change_difference_upper', { change })).toBeLessThan(-0.15)
    for (const [side, p] of [
      ['before', 0.8],
      ['after', 0.5],
    ] as const) {
      const measured = await value('amdahl_target_change_parallel_fraction', { change, side })
      expect(Math.abs((measured ?? 0) - p)).toBeLessThan(0.05)
    }
  })

  test('is refused by deploy-check, and described by the API', async () => {
    const check = ['deploy-check', '--target', target, '--since', '15m', '--from', exporter.url]
    const refused = await run(...check, '--max-drop', '0.05')
    expect(refused).toMatchObject({ status: 1, text: expect.stringMatching(/1\.0.*2\.0/s) })
    expect((await run(...check, '--max-drop', '0.5')).status).toBe(0)
    const response = await fetch(`${exporter.url}/api/v1/targets/${target}`)
    expect(await response.json()).toMatchObject({
      name: target,
      info: { version: '2.0', exe: expect.stringContaining('shop-two') },
      deploy: { verdict: 'regressed', versionBefore: '1.0', versionAfter: '2.0', source: 'observed' },
    })
  })

  test.runIf(thorough)(
    'is none when the same version is started again, and nothing has changed',
    async () => {
      const before = await value('amdahl_target_deploy_timestamp_seconds')
      await running.finish()
      await launch('shop-two', '2.0', '0.5')
      await until('the restart is seen', 5, async () => (await value('amdahl_target_restarts_total')) === 1)
      await until('the verdict', 60, () => verdict('restart', 'unchanged'))
      expect(await value('amdahl_target_deploys_total')).toBe(1)
      expect(await value('amdahl_target_deploy_timestamp_seconds')).toBe(before)
      expect(await verdict('deploy', 'regressed')).toBe(true)
    },
  )

  test('is known after a restart of the exporter, and another can be announced', async () => {
    const before = await value('amdahl_target_deploy_timestamp_seconds')
    expect(await stop(exporter.child)).toBe(0)
    exporter = await startExporter(args)
    await exporter.ready()
    await until('the target is there', 20, () => value('amdahl_target_deploys_total'))
    expect(await value('amdahl_target_deploys_total')).toBe(1)
    expect(await value('amdahl_target_deploy_timestamp_seconds')).toBe(before)
    expect(await verdict('deploy', 'regressed')).toBe(true)

    const announce = (token: string) =>
      fetch(`${exporter.url}/api/v1/deploys`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ target, version: '2.1' }),
      })
    expect((await announce('a wrong token')).status).toBe(401)
    expect((await announce('a token for the tests only')).status).toBe(201)
    const scrape = await exporter.scrape()
    expect(scrape.value('amdahl_target_deploys_total', { target })).toBe(2)
    expect(readFileSync(join(folder, 'state', 'deploys.json'), 'utf8')).toContain('"2.1"')
  })
})

describe.skipIf(!CAN_RUN || !thorough)('a target limited to half a CPU', MEASURED, () => {
  /** A cgroup of the version that has the cpu controller here. */
  function createCgroup(): string {
    const [root, quota] = readFileSync('/proc/self/mountinfo', 'utf8').includes(' - cgroup cgroup rw,cpu')
      ? ['/sys/fs/cgroup/cpu', { 'cpu.cfs_period_us': '100000', 'cpu.cfs_quota_us': '50000' }]
      : ['/sys/fs/cgroup', { 'cpu.max': '50000 100000' }]
    const path = join(root, `amdahl-test-${process.pid}`)
    mkdirSync(path)
    for (const [file, text] of Object.entries(quota)) writeFileSync(join(path, file), text)
    return path
  }

  test('has N = 0.5, its throttling, and no wrong p', async () => {
    const cgroup = createCgroup()
    const exporter = await startExporter()
    try {
      await exporter.ready()
      const workload = await startWorkload('limited', inlineJobs('0.3', '2ms'))
      writeFileSync(join(cgroup, 'cgroup.procs'), String(workload.child.pid))
      await sleep(7000)
      workload.reset()
      await sleep(30_000)
      const scrape = await exporter.scrape()
      const own = await workload.finish()
      const target = 'limited'
      expect(scrape.value('amdahl_target_cpus', { target })).toBe(0.5)
      expect(scrape.value('amdahl_target_throttled_seconds_total', { target })).toBeGreaterThan(1)
      expect(scrape.value('amdahl_target_regime', { target, regime: 'parallel' })).toBe(1)
      expect(scrape.value('amdahl_target_headroom_ratio', { target })).toBeCloseTo(1, 0)
      const p = scrape.value('amdahl_target_parallel_fraction', { target, estimator: 'ownership' })
      expect(Math.abs((p ?? 0) - own.p)).toBeLessThan(0.06)
      const labels = { target, estimator: 'window' }
      expect(scrape.value('amdahl_target_parallel_fraction', labels)).toBeUndefined()
      expect(scrape.labelValues('amdahl_target_estimate_unavailable', 'reason', labels)).toEqual([
        'cpu-throttled',
      ])
    } finally {
      await stop(exporter.child)
      await until('the cgroup can go', 5, () => {
        try {
          rmdirSync(cgroup)
          return true
        } catch {
          return undefined
        }
      })
    }
  })
})

describe.skipIf(!CAN_RUN)('beside a traced service', () => {
  let exporter: Exporter
  let workload: Workload
  let config: string

  beforeAll(async () => {
    config = configured('reload.yml', "targets: [{ name: steady, match: { comm: 'steady-1' } }]\n")
    exporter = await startExporter([`--config.file=${config}`, '--web.enable-lifecycle'])
    await exporter.ready()
    workload = await startWorkload('steady-1', [...inlineJobs('0.5', '2ms'), '--think', '10ms'])
    await until('p', 60, async () =>
      (await exporter.scrape()).value('amdahl_target_parallel_fraction', {
        target: 'steady',
        estimator: 'ownership',
      }),
    )
  })

  afterAll(async () => {
    await workload.finish()
    expect(await stop(exporter.child)).toBe(0)
  })

  test.runIf(thorough)(
    '5 000 short-lived processes a minute cost little and leave nothing',
    MEASURED,
    async () => {
      const before = await exporter.scrape()
      const begin = performance.now()
      const spawner: Child = start('sh', [
        '-c',
        'i=0; while [ $i -lt 1250 ]; do /bin/true; /bin/sleep 0.015; i=$((i + 1)); done',
      ])
      await spawner.exited
      const seconds = (performance.now() - begin) / 1000
      expect(seconds, '2 500 processes').toBeLessThan(40)
      const after = await exporter.scrape()
      const growth = (name: string) => (after.value(name) ?? 0) - (before.value(name) ?? 0)
      const cpuSeconds = growth('process_cpu_seconds_total') + growth('amdahl_reader_cpu_seconds_total')
      // 0.02 to 0.03 by itself; more beside other work on the same cores.
      expect(cpuSeconds / seconds).toBeLessThan(0.1)
      for (const name of ['process_resident_memory_bytes', 'amdahl_reader_resident_memory_bytes'])
        expect(growth(name)).toBeLessThan(20e6)
      expect(
        after.value('amdahl_target_parallel_fraction', { target: 'steady', estimator: 'ownership' }),
      ).toBeDefined()
      expect(
        after.labelValues('amdahl_target_info', 'target').filter((name) => /^(sh|true|sleep)$/.test(name)),
      ).toEqual([])
    },
  )

  test('a broken configuration is refused with its place, and nothing is lost', async () => {
    const counter = async () =>
      (await exporter.scrape()).value('amdahl_target_cpu_seconds_total', { target: 'steady' }) ?? 0
    const before = await counter()
    writeFileSync(config, "targets: [{ name: steady, match: { comm: '(' } }]\n")
    const answer = await fetch(`${exporter.url}/-/reload`, { method: 'POST' })
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain(`${config}:1:42: targets[0].match.comm: `)
    exporter.child.kill('SIGHUP')
    await until('the log', 10, () =>
      exporter.child.stderr().split(`configuration refused: ${config}:1:42`).length > 2 ? true : undefined,
    )
    await sleep(1500)
    expect(await counter()).toBeGreaterThan(before)
    expect((await exporter.scrape()).value('amdahl_exporter_config_last_reload_successful')).toBe(0)
  })

  test('a good one is taken over at once', async () => {
    writeFileSync(
      config,
      "targets: [{ name: renamed, match: { comm: 'steady-.*' } }]\ntracer: { interval: 2s }\n",
    )
    const answer = await fetch(`${exporter.url}/-/reload`, { method: 'POST' })
    expect(await answer.text()).toContain('tracer has changed: restart the exporter for it to take effect')
    expect(answer.status).toBe(200)
    await until('the new name', 10, async () =>
      (await exporter.scrape()).value('amdahl_lock_queue_length', { target: 'renamed' }),
    )
    const scrape = await exporter.scrape()
    expect(scrape.value('amdahl_exporter_config_last_reload_successful')).toBe(1)
    expect(scrape.labelValues('amdahl_target_info', 'target', { target: 'steady' })).toEqual([])
  })
})
