import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.js'
import { type Child, start, stop, until } from './process.js'

/** One series of an instant query. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: number
}

/** A Prometheus on a free port of the loopback interface. */
export interface Prometheus {
  readonly child: Child
  readonly url: string
  /** All series of an instant query. */
  queryAll(expression: string): Promise<readonly Sample[]>
  /** How many series a query has at any time from `fromSeconds` after the epoch until now. */
  queryRange(expression: string, fromSeconds: number): Promise<number>
  /** The one value of an instant query; undefined where it has no result. */
  query(expression: string): Promise<number | undefined>
  stop(): Promise<void>
}

export interface PrometheusOptions {
  readonly scrapeInterval?: string
  /** Files of rules, evaluated at each scrape interval. */
  readonly rules?: readonly string[]
  /** Where alerts go, as 127.0.0.1:9093. */
  readonly alertmanager?: string
  /** Holds data already. */
  readonly dataFolder?: string
  /** How it asks: scheme, certificates, user. */
  readonly scrape?: object
}

interface QueryResponse {
  readonly status: string
  readonly error?: string
  readonly data?: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>
      readonly value: readonly [number, string]
    }[]
  }
}

export async function startPrometheus(
  targets: readonly string[],
  { scrapeInterval = '1s', rules = [], alertmanager, dataFolder, scrape = {} }: PrometheusOptions = {},
): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'amdahl-prometheus-'))
  const port = await freePort()
  const config = {
    global: {
      scrape_interval: scrapeInterval,
      scrape_timeout: scrapeInterval,
      evaluation_interval: scrapeInterval,
    },
    rule_files: rules,
    scrape_configs: [{ job_name: 'amdahl', static_configs: [{ targets }], ...scrape }],
    alerting: {
      alertmanagers: alertmanager === undefined ? [] : [{ static_configs: [{ targets: [alertmanager] }] }],
    },
  }
  // JSON is YAML.
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config))
  const url = `http://127.0.0.1:${port}`
  const child = start('prometheus', [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${dataFolder ?? join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ])
  await whenReady('Prometheus', child, url)

  async function ask(path: string, parameters: Readonly<Record<string, string>>) {
    const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`)
    const { status, error, data } = (await response.json()) as QueryResponse
    if (status !== 'success') throw new Error(`${parameters.query}: ${error}`)
    return data?.result ?? []
  }

  async function queryAll(query: string): Promise<readonly Sample[]> {
    const result = await ask('query', { query })
    return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }))
  }

  return {
    child,
    url,
    queryAll,
    async queryRange(query, fromSeconds) {
      const times = { start: String(fromSeconds), end: String(Date.now() / 1000), step: '1' }
      return (await ask('query_range', { query, ...times })).length
    },
    async query(expression) {
      const results = await queryAll(expression)
      if (results.length > 1) throw new Error(`${expression} has ${results.length} results`)
      return results[0]?.value
    },
    async stop() {
      await stop(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** An Alertmanager on a free port of the loopback interface. */
export interface Alertmanager {
  /** As 127.0.0.1:9093. */
  readonly address: string
  stop(): Promise<void>
}

/** @param config Text of alertmanager.yml. */
export async function startAlertmanager(config: string): Promise<Alertmanager> {
  const folder = mkdtempSync(join(tmpdir(), 'amdahl-alertmanager-'))
  const address = `127.0.0.1:${await freePort()}`
  writeFileSync(join(folder, 'alertmanager.yml'), config)
  const child = start('prometheus-alertmanager', [
    `--config.file=${join(folder, 'alertmanager.yml')}`,
    `--storage.path=${join(folder, 'data')}`,
    `--web.listen-address=${address}`,
    // One alone, without a cluster.
    '--cluster.listen-address=',
  ])
  await whenReady('Alertmanager', child, `http://${address}`)
  return {
    address,
    async stop() {
      await stop(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function whenReady(name: string, child: Child, url: string): Promise<void> {
  await until(`${name} is ready: ${child.stderr()}`, 30, async () =>
    fetch(`${url}/-/ready`).then(
      (response) => response.ok,
      () => false,
    ),
  )
}
