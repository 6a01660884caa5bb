import { readdirSync, writeFileSync } from 'node:fs'
import { freePort } from '../../../e2e/support/free-port.js'
import type { Launch, Running } from '../row.js'
import { as, execute, give, launch, listens, underLoad } from './service.js'

const USER = 'postgres'
const CLIENTS = 16
/** Debian has each version in a folder of its own. */
const VERSIONS = '/usr/lib/postgresql'

function program(name: string): string {
  const newest = readdirSync(VERSIONS).sort((a, b) => Number(b) - Number(a))[0]
  return `${VERSIONS}/${newest}/bin/${name}`
}

async function startPgbench(row: Launch, script: readonly string[]): Promise<Running> {
  const { folder } = row
  const port = await freePort()
  give(folder, USER)
  const data = `${folder}/data`
  execute(
    as(USER, [
      program('initdb'),
      '--pgdata',
      data,
      '--auth=trust',
      '--no-sync',
      '--encoding=UTF8',
      '--locale=C',
    ]),
  )
  const server = launch(
    row,
    as(USER, [
      program('postgres'),
      '-D',
      data,
      '-k',
      folder,
      '-p',
      `${port}`,
      '-c',
      'listen_addresses=127.0.0.1',
    ]),
  )
  await listens(server, port)
  const pgbench = [program('pgbench'), '-h', '127.0.0.1', '-p', `${port}`, '-U', USER]
  execute([...pgbench, '--initialize', '--scale=2', '--quiet', 'postgres'])
  const load = launch(row, [
    ...pgbench,
    '-n',
    '-c',
    `${CLIENTS}`,
    '-j',
    '2',
    '-T',
    '3600',
    ...script,
    'postgres',
  ])
  return underLoad(server, [load])
}

/** TPC-B on two branches: their rows are what the clients wait for. */
export const startPostgresTpcB = (row: Launch) => startPgbench(row, [])

/** All clients update the same row. */
export function startPostgresHotRow(row: Launch): Promise<Running> {
  const script = `${row.folder}.sql`
  writeFileSync(script, 'UPDATE pgbench_branches SET bbalance = bbalance + 1 WHERE bid = 1;\n')
  return startPgbench(row, ['-f', script])
}
