import { freePort } from '../../../e2e/support/free-port.js'
import type { Child } from '../../../e2e/support/process.js'
import type { Launch, Running } from '../row.js'
import { execute, give, launch, listens, underLoad } from './service.js'

const USER = 'mysql'
const THREADS = 16

/** One server with data of its own. @param options Of the server. */
export async function startServer(row: Launch, options: readonly string[] = []) {
  const { folder } = row
  const port = await freePort()
  give(folder, USER)
  const data = `--datadir=${folder}/data`
  execute([
    'mariadb-install-db',
    '--no-defaults',
    data,
    `--user=${USER}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
  ])
  const socket = `${folder}/socket`
  const server = launch(row, [
    'mariadbd',
    '--no-defaults',
    data,
    `--user=${USER}`,
    `--socket=${socket}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    `--pid-file=${folder}/pid`,
    ...options,
  ])
  await listens(server, port)
  /** What it answers: a line a row, its columns apart by tabs. */
  const ask = (statement: string) =>
    execute(['mariadb', '--no-defaults', `--socket=${socket}`, '--user=root', '-BN', '-e', statement])
  ask('create database sbtest')
  const connection = ['--mysql-user=root', `--mysql-socket=${socket}`, '--mysql-db=sbtest']
  return { server, ask, connection }
}

async function startSysbench(row: Launch, test: string, tables: number, rows: number): Promise<Running> {
  const { server, connection } = await startServer(row)
  return loadServer(row, server, connection, test, tables, rows)
}

/** Puts a load of sysbench on a server. */
export function loadServer(
  row: Launch,
  server: Child,
  connection: readonly string[],
  test: string,
  tables: number,
  rows: number,
): Running {
  const command = ['sysbench', test, ...connection, `--tables=${tables}`, `--table-size=${rows}`]
  execute([...command, 'prepare'])
  const load = launch(row, [
    ...command,
    `--threads=${THREADS}`,
    '--time=3600',
    '--mysql-ignore-errors=all',
    'run',
  ])
  return underLoad(server, [load])
}

export const startMariadbReadWrite = (row: Launch) => startSysbench(row, 'oltp_read_write', 4, 10_000)
/** All clients update the same row. */
export const startMariadbHotRow = (row: Launch) => startSysbench(row, 'oltp_update_non_index', 1, 1)
