import { writeFileSync } from 'node:fs'
import { freePort } from '../../../e2e/support/free-port.js'
import type { Launch, Running } from '../row.js'
import { launch, listens, underLoad } from './service.js'

/** Debian's is Go with cgo; asked for its own metrics. */
export async function startGo(row: Launch): Promise<Running> {
  const { folder } = row
  const port = await freePort()
  writeFileSync(`${folder}/prometheus.yml`, '{}\n')
  const server = launch(row, [
    'prometheus',
    `--config.file=${folder}/prometheus.yml`,
    `--storage.tsdb.path=${folder}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
  ])
  await listens(server, port)
  const load = launch(row, ['wrk', '-t1', '-c8', '-d3600s', `http://127.0.0.1:${port}/metrics`])
  return underLoad(server, [load])
}
