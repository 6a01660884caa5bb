import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { ROOT } from '../e2e/support/exporter.js'
import { until } from '../e2e/support/process.js'
import { type Alertmanager, startAlertmanager } from '../e2e/support/prometheus.js'
import { needs } from '../e2e/support/requirements.js'

interface Received {
  readonly labels: Readonly<Record<string, string>>
  readonly receivers: readonly { readonly name: string }[]
  readonly status: { readonly inhibitedBy: readonly string[] }
}

const RULES = join(ROOT, 'deploy/prometheus/rules/amdahl-alerts.rules.yml')
const { groups } = parse(readFileSync(RULES, 'utf8')) as {
  groups: { rules: { alert: string; labels: { severity: string } }[] }[]
}
const severities = new Map(
  groups.flatMap(({ rules }) => rules).map(({ alert, labels }) => [alert, labels.severity]),
)

/** Whose alert it is, as "target on instance", and its name. */
const FIRING: readonly (readonly [string, string])[] = [
  ['shop on node-1', 'AmdahlParallelFractionDroppedAfterDeploy'],
  ['shop on node-1', 'AmdahlSequentialSaturation'],
  ['shop on node-1', 'AmdahlHeadroomLow'],
  ['shop on node-1', 'AmdahlMoreCpusWillNotHelp'],
  ['shop on node-2', 'AmdahlHeadroomLow'],
  ['shop on node-2', 'AmdahlMoreCpusWillNotHelp'],
  ['mail on node-1', 'AmdahlHeadroomLow'],
  ['on node-1', 'AmdahlTracerLosingEvents'],
  ['on node-2', 'AmdahlTracerDown'],
  ['on node-3', 'AmdahlTracerDown'],
  ['on node-4', 'AmdahlNoTracer'],
  ['on node-3', 'AmdahlExporterAbsent'],
  ['on', 'AmdahlExporterAbsent'],
]

function labelsOf([whose, alertname]: readonly [string, string]): Record<string, string> {
  const [, target, instance] = /^(\S+ )?on ?(\S+)?$/.exec(whose) ?? []
  const severity = severities.get(alertname) ?? ''
  return {
    alertname,
    severity,
    job: 'amdahl',
    ...(target && { target: target.trim() }),
    ...(instance && { instance }),
  }
}

function nameOf({ labels }: Received): string {
  return `${labels.alertname} ${labels.target ?? ''} ${labels.instance ?? ''}`
}

describe.runIf(needs('prometheus-alertmanager'))('the example of Alertmanager', () => {
  let alertmanager: Alertmanager
  let received: readonly Received[]

  beforeAll(async () => {
    const config = readFileSync(join(ROOT, 'deploy/alertmanager/alertmanager.yml'), 'utf8')
    alertmanager = await startAlertmanager(config)
    const url = `http://${alertmanager.address}/api/v2/alerts`
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(FIRING.map((alert) => ({ labels: labelsOf(alert) }))),
    })
    expect(response.status).toBe(200)
    // Each alert is a source of inhibition as soon as it was taken in, one after the other.
    received = await until('all alerts are there, and three are inhibited', 20, async () => {
      const alerts = (await (await fetch(url)).json()) as Received[]
      const inhibited = alerts.filter(({ status }) => status.inhibitedBy.length > 0)
      return alerts.length === FIRING.length && inhibited.length >= 3 && alerts
    })
  })

  afterAll(async () => {
    await alertmanager?.stop()
  })

  test('knows every alert there is', () => {
    expect(new Set(FIRING.map(([, name]) => name))).toEqual(new Set(severities.keys()))
  })

  test('calls somebody for what is critical, and writes tickets for the rest', () => {
    for (const { labels, receivers } of received) {
      const expected = labels.severity === 'critical' ? 'pager' : 'tickets'
      expect(receivers.map(({ name }) => name)).toEqual([expected])
    }
  })

  test('leaves out what another alert of the same target and machine explains, and nothing else', () => {
    const inhibited = received.filter(({ status }) => status.inhibitedBy.length > 0)
    expect(inhibited.map(nameOf).sort()).toEqual([
      'AmdahlHeadroomLow shop node-1',
      'AmdahlMoreCpusWillNotHelp shop node-1',
      'AmdahlTracerDown  node-3',
    ])
  })
})
