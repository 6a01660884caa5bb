import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.js'
import { type Child, start, stop, until } from './process.js'

/** A Prometheus that scrapes once a second, on a free port of the loopback interface. */
export interface Prometheus {
  readonly child: Child
  /** The one value of an instant query; undefined where it has no result. */
  query(expression: string): Promise<number | undefined>
  stop(): Promise<void>
}

interface QueryResponse {
  readonly status: string
  readonly error?: string
  readonly data?: { readonly result: readonly { readonly value: readonly [number, string] }[] }
}

export async function startPrometheus(target: string): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'amdahl-prometheus-'))
  const port = await freePort()
  const config = join(folder, 'prometheus.yml')
  writeFileSync(
    config,
    `scrape_configs:
  - job_name: amdahl
    scrape_interval: 1s
    scrape_timeout: 1s
    static_configs: [{ targets: ['${target}'] }]
`,
  )
  const url = `http://127.0.0.1:${port}`
  const child = start('prometheus', [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ])
  await until(`Prometheus is ready: ${child.stderr()}`, 30, async () =>
    fetch(`${url}/-/ready`).then(
      (response) => response.ok,
      () => false,
    ),
  )
  return {
    child,
    async query(expression) {
      const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`)
      const { status, error, data } = (await response.json()) as QueryResponse
      if (status !== 'success') throw new Error(`${expression}: ${error}`)
      const results = data?.result ?? []
      if (results.length > 1) throw new Error(`${expression} has ${results.length} results`)
      return results[0] && Number(results[0].value[1])
    },
    async stop() {
      await stop(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
