import { freePort } from '../../../e2e/support/free-port.js'
import type { Launch, Running } from '../row.js'
import { launch, listens, underLoad } from './service.js'

export async function startMemcached(row: Launch): Promise<Running> {
  const port = await freePort()
  const server = launch(row, [
    'memcached',
    '-u',
    'memcache',
    '-l',
    '127.0.0.1',
    '-p',
    `${port}`,
    '-t',
    '4',
    '-U',
    '0',
  ])
  await listens(server, port)
  const load = launch(row, [
    'memcslap',
    `--servers=127.0.0.1:${port}`,
    '--test=set',
    '--concurrency=16',
    '--execute-number=100000000',
  ])
  return underLoad(server, [load])
}
