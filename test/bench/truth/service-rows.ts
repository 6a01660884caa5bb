import { join } from 'node:path'
import { ROOT } from '../../e2e/support/exporter.js'
import { programNamed } from '../../e2e/support/workload.js'
import { startScript } from './program.js'
import type { Launch, Row } from './row.js'
import { startMariadbHotRow, startMariadbReadWrite } from './services/mariadb.js'
import { startMemcached } from './services/memcached.js'
import { startNginx } from './services/nginx.js'
import { startPostgresHotRow, startPostgresTpcB } from './services/postgres.js'
import { startGo } from './services/prometheus.js'
import { startRedis } from './services/redis.js'
import { startGunicorn, startPuma } from './services/web-app.js'

const SECTION = 'Real services'
/** Waits for rows of a table end by condition variables and semaphores: they are no lock that can be told. */
const NO_LOCK: readonly string[] = ['no-lock-contention', 'owner-unknown']
/** The other runtimes have locks of their own. */
const FOREIGN: readonly string[] = ['unclassifiable-runtime']

/** Those of a request are made without the lock of the interpreter, and count as inside it in the truth. */
const SYSTEM_CALLS = 0.05

/** A client waits for the row whenever another has it: it is had all the time, but for the hand-over. */
const ROW_LOCK = { least: 0.9, most: 1 }

const script = (name: string) => join(ROOT, 'test/workload', name)

type Rest = Omit<Row, 'section' | 'name' | 'title' | 'start'>

function service(name: string, title: string, start: Row['start'], rest: Rest): Row {
  return { section: SECTION, name, title, start, ...rest }
}

export const SERVICE_ROWS: readonly Row[] = [
  service('mariadb', 'MariaDB, sysbench oltp_read_write, 16 threads', startMariadbReadWrite, {
    target: 'mariadbd',
    about: 'unknown',
    reasons: NO_LOCK,
    hasNoLimitingThread: true,
  }),
  service('mariadb-hot-row', 'MariaDB, 16 threads update one row: its lock limits', startMariadbHotRow, {
    target: 'mariadbd',
    about: 'unknown',
    reasons: NO_LOCK,
    inUse: ROW_LOCK,
    hasNoLimitingThread: true,
  }),
  service('postgres', 'PostgreSQL, pgbench TPC-B, scale 2, 16 clients', startPostgresTpcB, {
    target: 'postgres',
    about: 'unknown',
    reasons: NO_LOCK,
    inUse: ROW_LOCK,
    hasNoLimitingThread: true,
  }),
  service('postgres-hot-row', 'PostgreSQL, 16 clients update one row: its lock limits', startPostgresHotRow, {
    target: 'postgres',
    about: 'unknown',
    reasons: NO_LOCK,
    inUse: ROW_LOCK,
    hasNoLimitingThread: true,
  }),
  service('redis-1', 'Redis, one thread, 50 clients', (row) => startRedis(row, 1, 50), {
    target: 'redis-server',
    about: 'thread',
    reasons: ['no-lock-contention'],
    queue: 0,
  }),
  service('redis-4', 'Redis, 4 io-threads, 50 clients', (row) => startRedis(row, 4, 50), {
    target: 'redis-server',
    about: 'unknown',
    reasons: NO_LOCK,
  }),
  service('redis-4-light', 'Redis, 4 io-threads, parked: one client', (row) => startRedis(row, 4, 1), {
    target: 'redis-server',
    about: 'unknown',
    reasons: ['no-target', 'no-contention', 'no-lock-contention'],
    queue: 0,
  }),
  service('redis-4-idle', 'Redis, 4 io-threads, parked: idle', (row) => startRedis(row, 4, 0), {
    target: 'redis-server',
    about: 'unknown',
    reasons: ['no-target', 'no-contention', 'no-lock-contention'],
    queue: 0,
    hasNoLimitingThread: true,
    isLight: true,
  }),
  service('memcached', 'memcached, 4 threads, memcslap, 16 connections', startMemcached, {
    target: 'memcached',
    about: 'unknown',
    reasons: ['no-lock-contention'],
    hasNoLimitingThread: true,
  }),
  service('nginx', 'nginx, one worker, wrk, 32 connections', startNginx, {
    target: 'nginx',
    about: 'thread',
    reasons: ['no-target', 'no-contention'],
    queue: 0,
  }),
  ...pythonRows([
    ['python', 'CPython, 4 threads, p = 0.5', ['0.5', '4'], []],
    ['python-light', 'CPython, 4 threads that think 20 ms, p = 0.7', ['0.7', '4', '--think', '0.02'], []],
    ['python-alone', 'CPython, one thread that thinks 4 ms, p = 0.3', ['0.3', '1', '--think', '0.004'], []],
    [
      'python-lock',
      'CPython, 4 threads, a threading.Lock over two thirds of the work',
      ['0.67', '4', '--lock'],
      ['owner-unknown'],
    ],
  ]),
  service(
    'ruby',
    'Ruby, 4 threads, p = 0.5',
    (row) => startScript(row, 'ruby', [script('ruby-load.rb'), '0.5', '4']),
    {
      target: 'truth-ruby',
      match: () => ({ cmdline: 'ruby-load' }),
      about: 'lock',
      reasons: ['owner-unknown'],
    },
  ),
  service('node', 'Node.js, 3 workers, a mutex of Atomics, p = 0.3', startNode, {
    target: 'truth-node',
    match: () => ({ cmdline: 'node-workers' }),
    about: 'lock',
    tolerance: 0.05,
    reasons: [...FOREIGN, ...NO_LOCK],
  }),
  gunicornRow('gunicorn-1', 'gunicorn, one worker with 4 threads, p = 0.5, wrk', 1, 4),
  gunicornRow('gunicorn-4', 'gunicorn, 4 workers of one thread, p of the code 0.5, wrk', 4, 1),
  service('puma', 'puma, 4 threads, p = 0.5, wrk', (row) => startPuma(row, 4, '0.5'), {
    target: 'truth-puma',
    match: () => ({ cmdline: 'puma .*web-app\\.ru|^puma \\d' }),
    about: 'lock',
    tolerance: SYSTEM_CALLS,
    reasons: ['owner-unknown'],
  }),
  service('go-mutex', 'Go, 4 goroutines, a Mutex, p = 0.5', (row) => startGoMutex(row, []), {
    target: 'truth-go-mutex',
    match: () => ({ comm: GO_PROGRAM }),
    about: 'lock',
    reasons: ['owner-unknown'],
  }),
  service(
    'go-asleep',
    'Go, a goroutine sleeps 2 ms inside the Mutex',
    (row) => startGoMutex(row, ['--sleep-inside', '2ms']),
    {
      target: 'truth-go-mutex',
      match: () => ({ comm: GO_PROGRAM }),
      about: 'lock',
      reasons: ['owner-unknown'],
    },
  ),
  service('go', "Debian's prometheus: Go with cgo, wrk on /metrics", startGo, {
    target: 'truth-go',
    match: (folder) => ({ cmdline: folder }),
    about: 'unknown',
    reasons: NO_LOCK,
  }),
]

function gunicornRow(name: string, title: string, workers: number, threads: number): Row {
  return service(name, title, (row) => startGunicorn(row, workers, threads, '0.5'), {
    target: 'truth-gunicorn',
    match: (folder) => ({ cmdline: `gunicorn .*${folder}` }),
    about: 'lock',
    tolerance: SYSTEM_CALLS,
    reasons: [],
    hasOtherQueue: true,
  })
}

type PythonRow = readonly [name: string, title: string, args: readonly string[], reasons: readonly string[]]

function pythonRows(rows: readonly PythonRow[]): readonly Row[] {
  return rows.map(([name, title, args, reasons]) =>
    service(name, title, (row) => startScript(row, script('python-load.py'), [...args]), {
      target: `truth-${name}`.slice(0, 15),
      match: () => ({ cmdline: `python-load.py ${args.join(' ')}$` }),
      about: 'lock',
      reasons,
      hasOtherQueue: true,
    }),
  )
}

const GO_PROGRAM = 't-go'

function startGoMutex(row: Launch, more: readonly string[]) {
  return startScript(row, programNamed(GO_PROGRAM, 'workload-go-stripped'), [
    '--p',
    '0.5',
    '--idle',
    '4',
    ...more,
  ])
}

function startNode(row: Launch) {
  return startScript(row, process.execPath, [script('node-workers.mjs'), '0.3', '3'])
}
