import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../../e2e/support/exporter.js'
import { freePort } from '../../../e2e/support/free-port.js'
import type { Launch, Running } from '../row.js'
import { launch, listens, underLoad } from './service.js'

/** What a worker of test/workload/web-app.* has used: CPU time in all, and of it without the lock of its interpreter. Seconds. */
interface Used {
  readonly cpu_seconds: number
  readonly parallel_seconds: number
}

const WORKLOADS = join(ROOT, 'test/workload')

/** Requests are made by so many clients, each with one at a time. */
const CLIENTS = 8

/** @param workers Processes, of so many threads each. */
export function startGunicorn(row: Launch, workers: number, threads: number, p: string): Promise<Running> {
  const app = ['--pythonpath', WORKLOADS, 'web-app:application', '--worker-tmp-dir', row.folder]
  return startWebApp(row, p, (port) => [
    'gunicorn',
    ...['--bind', `127.0.0.1:${port}`, '--workers', `${workers}`, '--threads', `${threads}`],
    // Each worker of one thread takes one request at a time, and no connection for longer.
    ...['--worker-class', threads === 1 ? 'sync' : 'gthread', '--log-level', 'error', ...app],
  ])
}

export function startPuma(row: Launch, threads: number, p: string): Promise<Running> {
  return startWebApp(row, p, (port) => [
    'puma',
    ...[
      '--bind',
      `tcp://127.0.0.1:${port}`,
      '--threads',
      `${threads}:${threads}`,
      '--quiet',
      '--environment',
      'production',
    ],
    join(WORKLOADS, 'web-app.ru'),
  ])
}

/** p of the service is by the worker that is inside its lock most. */
async function startWebApp(
  row: Launch,
  p: string,
  command: (port: number) => readonly string[],
): Promise<Running> {
  const port = await freePort()
  const reports = join(row.folder, 'reports')
  mkdirSync(reports)
  const server = launch(row, ['env', `P=${p}`, `REPORTS=${reports}`, ...command(port)])
  await listens(server, port)
  const begin = performance.now()
  const load = launch(row, ['wrk', '-t1', `-c${CLIENTS}`, '-d3600s', `http://127.0.0.1:${port}/`])
  const running = underLoad(server, [load])
  return {
    ...running,
    async finish() {
      const seconds = (performance.now() - begin) / 1000
      await running.finish()
      const used = readdirSync(reports).map(
        (name) => JSON.parse(readFileSync(join(reports, name), 'utf8')) as Used,
      )
      const cpuSeconds = used.reduce((sum, one) => sum + one.cpu_seconds, 0)
      const serial = Math.max(...used.map((one) => one.cpu_seconds - one.parallel_seconds))
      return { seconds, cpu_seconds: cpuSeconds, p: 1 - serial / cpuSeconds }
    },
  }
}
