import { freePort } from '../../../e2e/support/free-port.js'
import type { Launch, Running } from '../row.js'
import { launch, listens, underLoad } from './service.js'

/** memcslap makes the keys of all its sets before the first one: these take some minutes. Sets of each connection. */
const SETS = 1_000_000

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
  const memcslap = `memcslap --servers=127.0.0.1:${port} --test=set --concurrency=16 --execute-number=${SETS}`
  // timeout ends all that it started, where the shell alone would leave memcslap behind.
  const load = launch(row, ['timeout', '3600', 'sh', '-c', `while ${memcslap}; do :; done`])
  return underLoad(server, [load])
}
