import { execFileSync } from 'node:child_process'
import { copyFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { exporterForAll } from './support/exporter-for-all.js'
import { MEASURED } from './support/measured.js'
import { sleep, start, stop, until } from './support/process.js'
import { isThorough, needs, needsTracer } from './support/requirements.js'
import { programNamed } from './support/workload.js'

describe.skipIf(!needsTracer() || !needs('make', 'gcc', 'strip'))('the lock label', () => {
  const exporter = exporterForAll(['--tracer.interval=500ms'])

  /** Runs the program until this many of its locks have names; the labels, in order. */
  async function labelsOf(target: string, program: string, args: readonly string[], count: number) {
    const running = start(program, [...args, '--duration', '60s'])
    try {
      const before = new Set(
        (await exporter.scrape()).labelValues('amdahl_lock_waits_total', 'lock', { target }),
      )
      await until('it waits', 20, () => running.stdout().includes('"ready"'))
      return await until(`${count} locks have names`, 30, async () => {
        const scrape = await exporter.scrape()
        const now = scrape.labelValues('amdahl_lock_queue_length', 'lock', { target })
        const seen = scrape.labelValues('amdahl_lock_waits_total', 'lock', { target })
        const ready = now.length === count && !now.includes('other') && seen.length >= before.size
        return ready ? [...now].sort() : undefined
      })
    } finally {
      await stop(running)
    }
  }

  test.each([
    ['global', ['cache+0x8', 'orders_lock', 'stock_lock']],
    ['heap', [/^cart_add\+0x[0-9a-f]+$/, /^log_append\+0x[0-9a-f]+$/, /^session_find\+0x[0-9a-f]+$/]],
  ])('of %s locks is a symbol or a call site, and the same after a restart', async (kind, expected) => {
    const target = `locks-${kind}`
    const program = programNamed(target, 'workload-locks')
    const labels = await labelsOf(target, program, [kind, '3'], 3)
    expect(labels).toEqual(
      expected.map((name) => (typeof name === 'string' ? name : expect.stringMatching(name))),
    )
    await sleep(1000)
    expect(await labelsOf(target, program, [kind, '3'], 3)).toEqual(labels)
    const scrape = await exporter.scrape()
    expect([...scrape.labelValues('amdahl_lock_waits_total', 'lock', { target })].sort()).toEqual(labels)
  })

  test.each(['global', 'heap'])('of %s locks of a stripped program is module+offset', async (kind) => {
    const target = `bare-${kind}`
    const program = programNamed(target, 'workload-locks')
    copyFileSync(programNamed(`locks-${kind}`, 'workload-locks'), program)
    execFileSync('strip', [program])
    const labels = await labelsOf(target, program, [kind, '3'], 3)
    expect(new Set(labels).size).toBe(3)
    for (const label of labels) expect(label).toMatch(new RegExp(`^${target}\\+0x[0-9a-f]+$`))
  })

  test.runIf(isThorough())(
    'of 200 locks costs less than a second of CPU time once, and nothing afterwards',
    MEASURED,
    async () => {
      const target = 'locks-many'
      const cpuSeconds = async () => {
        const scrape = await exporter.scrape()
        const [own, readers] = ['process_cpu_seconds_total', 'amdahl_reader_cpu_seconds_total'].map((name) =>
          scrape.value(name),
        )
        return (own ?? Number.NaN) + (readers ?? Number.NaN)
      }
      const before = await cpuSeconds()
      const running = start(programNamed(target, 'workload-locks'), ['many', '200', '--duration', '90s'])
      try {
        await sleep(12_000)
        const named = await cpuSeconds()
        await sleep(12_000)
        const later = await cpuSeconds()
        // What 200 contended locks cost in any 12 s is in both periods.
        expect(named - before - (later - named)).toBeLessThan(1)
        const scrape = await exporter.scrape()
        const labels = scrape.labelValues('amdahl_lock_waits_total', 'lock', { target })
        expect(labels.filter((label) => /^many_\d+\+0x[0-9a-f]+$/.test(label))).toHaveLength(8)
        expect(scrape.value('amdahl_target_locks_cut', { target })).toBeGreaterThan(100)
        const waits = scrape.samples
          .filter(({ name, labels }) => name === 'amdahl_lock_waits_total' && labels.target === target)
          .reduce((sum, { value }) => sum + value, 0)
        expect(waits).toBe(scrape.value('amdahl_futex_waits_total', { target, class: 'mutex' }))
      } finally {
        await stop(running)
      }
    },
  )
})
