import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startExporter } from '../e2e/support/exporter.js'
import type { Scrape } from '../e2e/support/exposition.js'
import { sleep } from '../e2e/support/process.js'
import { withChildren } from './truth/children.js'
import { loadServer, startServer } from './truth/services/mariadb.js'

const SETTLE_SECONDS = 15
const SECONDS = 30
/** Of each side. */
const ROWS = 8

/** Each lock of the server by what its own instruments say. The least that an operation took is taken for one without a wait. */
const INSTRUMENTS = `select event_name, count_star,
    (sum_timer_wait - count_star * min_timer_wait) / 1e12 as waited
  from performance_schema.events_waits_summary_global_by_event_name
  where event_name like 'wait/synch/%' and event_name not like 'wait/synch/cond/%'
  order by waited desc limit ${ROWS}`

/** Locks of MariaDB that are waited for, by its own instruments and by the exporter, as a section of a page. */
export async function compareMariadbLocks(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'amdahl-mariadb-'))
  try {
    return await withChildren(async (keep) => {
      const row = { folder, keep }
      const { server, ask, connection } = await startServer(row, [
        '--performance-schema=ON',
        '--performance-schema-instrument=wait/synch/%=ON',
      ])
      const exporter = await startExporter()
      keep(exporter.child)
      await exporter.ready()
      const load = loadServer(row, server, connection, 'oltp_read_write', 4, 10_000)
      await sleep(SETTLE_SECONDS * 1000)
      ask('truncate table performance_schema.events_waits_summary_global_by_event_name')
      const before = await exporter.scrape()
      await sleep(SECONDS * 1000)
      const [told, seen] = [ask(INSTRUMENTS), waitedSince(before, await exporter.scrape())]
      await load.finish()
      return describe(toRows(told), seen)
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

type Lock = readonly [name: string, operations: number, waitedSeconds: number]

function toRows(told: string): readonly Lock[] {
  return told
    .trim()
    .split('\n')
    .map((line) => line.split('\t'))
    .map(([name = '', operations, seconds]) => [
      name.replace('wait/synch/', ''),
      Number(operations),
      Number(seconds),
    ])
}

function waitedSince(before: Scrape, after: Scrape): readonly Lock[] {
  const value = (scrape: Scrape, what: string, lock: string) =>
    scrape.value(`amdahl_lock_${what}_total`, { target: 'mariadbd', lock }) ?? 0
  return after
    .labelValues('amdahl_lock_waits_total', 'lock', { target: 'mariadbd' })
    .map((lock): Lock => {
      const growth = (what: string) => value(after, what, lock) - value(before, what, lock)
      return [lock, growth('waits'), growth('wait_seconds')]
    })
    .sort(([, , a], [, , b]) => b - a)
    .slice(0, ROWS)
}

function describe(told: readonly Lock[], seen: readonly Lock[]): string {
  const rowOf = ([name, count, seconds]: Lock) => `| \`${name}\` | ${count} | ${seconds.toFixed(2)} |`
  return `sysbench oltp_read_write with 16 threads, for ${SECONDS} s. By \`performance_schema\`, all operations, and their time beyond
that of the quickest one:

| instrument | operations | seconds |
|---|---|---|
${told.map(rowOf).join('\n')}

By the exporter, at the same time, waits that slept:

| lock | waits | seconds |
|---|---|---|
${seen.map(rowOf).join('\n')}

An instrument counts time in which a thread spins or is stopped on its way as well, and each operation costs it a moment; the exporter
counts sleep alone. The pool of InnoDB's own threads (\`tpool\`) and the C library's \`malloc\` have no instrument.`
}
