import { freePort } from '../../../e2e/support/free-port.js'
import { sleep } from '../../../e2e/support/process.js'
import type { Launch, Running } from '../row.js'
import { as, give, launch, listens, underLoad } from './service.js'

/** @param clients Of redis-benchmark; 0: no load. */
export async function startRedis(row: Launch, ioThreads: number, clients: number): Promise<Running> {
  const port = await freePort()
  give(row.folder, 'redis')
  const settings = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', row.folder]
  const server = launch(
    row,
    as('redis', ['redis-server', '--port', `${port}`, ...settings, '--io-threads', `${ioThreads}`]),
  )
  await listens(server, port)
  if (clients === 0) return underLoad(server, [])
  const load = ['redis-benchmark', '-p', `${port}`, '-c', `${clients}`, '-n', '1000000000', '-q']
  const loads = [launch(row, [...load, '-t', 'set'])]
  await sleep(100)
  return underLoad(server, loads)
}
