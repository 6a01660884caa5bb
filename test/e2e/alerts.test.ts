import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { queriesOf, withValues } from '../dashboards/dashboard-json.js'
import { type Exporter, ROOT, startExporter } from './support/exporter.js'
import { sleep, stop, until } from './support/process.js'
import {
  type Alertmanager,
  type Prometheus,
  startAlertmanager,
  startPrometheus,
} from './support/prometheus.js'
import { isThorough, needs, needsTracer } from './support/requirements.js'
import { shortened, writeShortenedRules } from './support/shortened.js'
import { inlineJobs, startWorkload, type Workload } from './support/workload.js'

const CAN_RUN = needsTracer() && needs('prometheus', 'prometheus-alertmanager')
const thorough = isThorough()

/** Every duration of the rules and of Alertmanager's configuration is divided by this: 5 minutes are 10 seconds. */
const FACTOR = 30
const DROPPED = 'AmdahlParallelFractionDroppedAfterDeploy'

/** Queries without data here, with the reason. */
const CAN_BE_EMPTY: Readonly<Record<string, readonly string[]>> = {
  // One lock is contended: none is cut; and nothing is refused.
  'amdahl-health': ['What was left out B', 'What was not read, or not written A'],
  // The paper's estimator is withheld on saturated CPUs; no thread limits, and there is no CPU quota.
  'amdahl-service': [
    'Parallel fraction p D',
    'p from the counters B',
    'Use of lock, thread and CPUs B',
    'Use of lock, thread and CPUs E',
  ],
}

interface Alert {
  readonly status: 'firing' | 'resolved'
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

describe.skipIf(!CAN_RUN)('the rules, with Prometheus and Alertmanager', () => {
  const folder = mkdtempSync(join(tmpdir(), 'amdahl-alerts-'))
  const received: Alert[] = []
  let webhook: Server
  let alertmanager: Alertmanager
  let exporter: Exporter
  let prometheus: Prometheus
  let running: Workload
  let startedSeconds: number

  beforeAll(async () => {
    startedSeconds = Date.now() / 1000
    webhook = createServer((request, response) => {
      let body = ''
      request.setEncoding('utf8').on('data', (text: string) => {
        body += text
      })
      request.on('end', () => {
        received.push(...(JSON.parse(body) as { alerts: Alert[] }).alerts)
        response.end()
      })
    })
    await new Promise<void>((resolve) => webhook.listen(0, '127.0.0.1', resolve))
    const receiver = `http://127.0.0.1:${(webhook.address() as AddressInfo).port}/`
    const routes = readFileSync(join(ROOT, 'deploy/alertmanager/alertmanager.yml'), 'utf8')
    alertmanager = await startAlertmanager(
      shortened(routes, FACTOR).replaceAll(/(?<=url: ['"]?)http:[^'"\s]+/g, receiver),
    )
    const rules = writeShortenedRules(folder, FACTOR)
    const config = join(folder, 'config.yml')
    const version = join(folder, 'VERSION')
    writeFileSync(
      config,
      `targets: [{ name: shop, match: { comm: 'shop-.*' }, version: { file: ${version} } }]
deploys: { settle: 3s }
`,
    )
    exporter = await startExporter([
      `--config.file=${config}`,
      '--tracer.interval=500ms',
      `--path.state=${join(folder, 'state')}`,
    ])
    await exporter.ready()
    prometheus = await startPrometheus([exporter.url.replace('http://', '')], {
      scrapeInterval: '500ms',
      rules,
      alertmanager: alertmanager.address,
    })
  })

  afterAll(async () => {
    await running?.finish()
    await prometheus?.stop()
    expect(exporter && (await stop(exporter.child))).toBe(0)
    await alertmanager?.stop()
    webhook?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function launch(program: string, version: string, p: string): Promise<void> {
    writeFileSync(join(folder, 'VERSION'), `${version}\n`)
    running = await startWorkload(program, inlineJobs(p, '2ms'))
  }

  const dropped = () => received.filter(({ labels }) => labels.alertname === DROPPED)
  const drops = () => prometheus.queryAll(`ALERTS{alertname="${DROPPED}",target="shop"}`)

  test('are evaluated without an error', async () => {
    await launch('shop-one', '1.0', '0.8')
    await sleep(25_000)
    const response = await fetch(`${prometheus.url}/api/v1/rules`)
    const { data } = (await response.json()) as {
      data: { groups: { rules: { name: string; lastError?: string }[] }[] }
    }
    const evaluated = data.groups.flatMap(({ rules }) => rules)
    expect(evaluated.length).toBeGreaterThan(25)
    expect(evaluated.filter(({ lastError }) => lastError)).toEqual([])
    const p = await prometheus.query('instance_target:amdahl_parallel_fraction:rate5m{target="shop"}')
    expect(Math.abs((p ?? 0) - 0.8)).toBeLessThan(0.06)
  })

  test.runIf(thorough)('say nothing of a restart', async () => {
    await running.finish()
    await launch('shop-one', '1.0', '0.8')
    await until('the restart is seen', 10, () =>
      prometheus.query('amdahl_target_restarts_total{target="shop"} == 1'),
    )
    await until('it is judged', 60, () =>
      prometheus.query(
        'amdahl_target_change_verdict{target="shop",change="restart",verdict!="undecided"} == 1',
      ),
    )
    // As long as the alert takes below, once there is a verdict.
    await sleep(12_000)
    expect(await drops()).toEqual([])
    expect(dropped()).toEqual([])
  })

  test('tell of the deploy of a version with less parallel work: which, by how much, which lock', async () => {
    await running.finish()
    await launch('shop-two', '2.0', '0.5')
    const alert = await until('the alert', 90, () => dropped()[0])
    expect(alert.status).toBe('firing')
    expect(alert.labels).toMatchObject({ target: 'shop', severity: 'critical', job: 'amdahl' })
    expect(alert.annotations.summary).toMatch(/^shop on 127\.0\.0\.1:\d+ .* -0\.(2[4-9]|3[0-6])$/)
    const { description = '', runbook_url = '' } = alert.annotations
    const found = /^p is (0\.\d\d) and was (0\.\d\d) before version 1\.0 was replaced by 2\.0: /.exec(
      description,
    )
    expect(Math.abs(Number(found?.[1]) - 0.5), description).toBeLessThan(0.06)
    expect(Math.abs(Number(found?.[2]) - 0.8), description).toBeLessThan(0.06)
    const lock = (await exporter.scrape()).labelValues('amdahl_lock_queue_length', 'lock', { target: 'shop' })
    expect(description).toContain(lock[0])
    const runbook = await fetch(runbook_url)
    expect(runbook.status).toBe(200)
    expect(await runbook.text()).toContain(`id="${runbook_url.split('#')[1]}"`)
  })

  test.each([...new Set(queriesOf().map(({ dashboard }) => dashboard))])(
    'and the queries of the dashboard %s have data, but for those that can only be empty here',
    async (dashboard) => {
      const values = { job: 'amdahl', instance: '.+', target: 'shop', __rate_interval: '10s' }
      const empty: string[] = []
      for (const { where, refId, expr } of queriesOf().filter((query) => query.dashboard === dashboard)) {
        const series = await prometheus.queryRange(withValues(expr, values), startedSeconds)
        if (series === 0) empty.push(`${where} ${refId}`)
      }
      // There is a restart in the longer run only.
      const canBeEmpty = (query: string) =>
        CAN_BE_EMPTY[dashboard]?.includes(query) || (!thorough && query.startsWith('Last restart'))
      expect(empty.filter((query) => !canBeEmpty(query))).toEqual([])
    },
  )

  test.runIf(thorough)('take it back when p is back', async () => {
    await running.finish()
    await launch('shop-three', '3.0', '0.8')
    await until('it is resolved', 90, () => dropped().some(({ status }) => status === 'resolved'))
    expect(await drops()).toEqual([])
  })
})
