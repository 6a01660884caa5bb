import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Exporter, ROOT, startExporter } from './support/exporter.js'
import { exportedEstimate } from './support/exposition.js'
import { MEASURED } from './support/measured.js'
import { type Child, sleep, start, stop, until } from './support/process.js'
import { isThorough, needs, needsTracer } from './support/requirements.js'
import { tracerOf } from './support/tracer-of.js'
import { programNamed } from './support/workload.js'

/** What the programs say of themselves. */
interface Report {
  readonly p: number
  /** In Go. */
  readonly queue: number
}

const LOAD = join(ROOT, 'test/workload/python-load.py')
const THREADS = ['0.5', '4', '--think', '0.012', '--idle', '4']
const ALONE = ['0.3', '1', '--think', '0.004']
const RUBY_LOAD = join(ROOT, 'test/workload/ruby-load.rb')
const thorough = isThorough()
const SECONDS = thorough ? 31 : 15
/** Of 15 s at half of a CPU: 700 samples, five standard errors. */
const TOLERANCE = 0.1

const runsGo = thorough && needs('go')

describe.skipIf(!needsTracer() || !needs('python3') || !needs('ruby'))(
  'a service that is interpreted',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'amdahl-interpreters-'))
    const version = join(folder, 'VERSION')
    const children: Child[] = []
    let exporter: Exporter

    beforeAll(async () => {
      const config = join(folder, 'config.yml')
      writeFileSync(
        config,
        `targets:
  - { name: threads, match: { cmdline: 'python-load\\.py 0\\.5 4' } }
  - { name: alone, match: { cmdline: 'python-load\\.py 0\\.3 1' } }
  - { name: workers, match: { cmdline: 'python-load\\.py .* --workers' }, version: { file: ${version} } }
  - { name: ruby, match: { cmdline: 'ruby-load\\.rb' } }
deploys: { settle: 3s }
`,
      )
      exporter = await startExporter([`--config.file=${config}`, '--tracer.interval=500ms'])
      await exporter.ready()
    })

    afterAll(async () => {
      for (const child of children) child.kill('SIGKILL')
      expect(await stop(exporter.child)).toBe(0)
      rmSync(folder, { recursive: true, force: true })
    })

    const startLoad = (args: readonly string[]) => startScript(LOAD, args)

    async function startScript(command: string, args: readonly string[]): Promise<Child> {
      const child = start(command, args)
      children.push(child)
      await until(`it is ready: ${child.stderr()}`, 20, () => child.stdout().includes('"ready"'))
      return child
    }

    async function reportOf(child: Child): Promise<Report> {
      child.kill('SIGTERM')
      expect(await child.exited).toBe(0)
      return JSON.parse(child.stdout().trim().split('\n').at(-1) ?? '') as Report
    }

    const p = async (target: string) => exportedEstimate(await exporter.scrape(), target).value

    test('has p by its GIL, whether or not threads wait for it', MEASURED, async () => {
      const loads = [
        ['threads', await startLoad(THREADS)],
        ['alone', await startLoad(ALONE)],
      ] as const
      await sleep(SECONDS * 1000)
      const scrape = await exporter.scrape()
      for (const [target, child] of loads) {
        const runtimes = scrape.labelValues('amdahl_target_runtime_info', 'runtime', {
          target,
          state: 'recognised',
        })
        expect([...runtimes].sort(), target).toEqual(['cpython', 'glibc'])
        const before = exportedEstimate(scrape, target)
        const truth = await reportOf(child)
        expect(Math.abs((before.value ?? Number.NaN) - truth.p), target).toBeLessThan(TOLERANCE)
        expect(scrape.labelValues('amdahl_target_bottleneck_info', 'name', { target }), target).not.toContain(
          '',
        )
      }
      const locks = scrape.labelValues('amdahl_lock_queue_length', 'lock', { target: 'threads' })
      expect(locks).toContain('GIL')
      expect(scrape.value('amdahl_tracer_lost_events_total') ?? 0).toBe(0)
    })

    test.runIf(thorough)(
      'in Ruby has p of at most what its GVL leaves: a lock of Ruby itself is not seen',
      MEASURED,
      async () => {
        const child = await startScript('ruby', [RUBY_LOAD, '0.5', '4'])
        await sleep(SECONDS * 1000)
        const scrape = await exporter.scrape()
        const target = 'ruby'
        const { value, lower, upper, reason } = exportedEstimate(scrape, target)
        const truth = await reportOf(child)
        expect({ value, lower, reason }).toEqual({ value: undefined, lower: 0, reason: 'owner-unknown' })
        expect(Math.abs((upper ?? Number.NaN) - truth.p)).toBeLessThan(TOLERANCE)
        expect(
          scrape.labelValues('amdahl_target_runtime_info', 'reason', { target, runtime: 'ruby' }),
        ).toEqual(['hidden-locks'])
        // Who waits for it is not seen, who is inside is.
        expect(scrape.labelValues('amdahl_lock_serial_utilization_ratio', 'lock', { target })).toContain(
          'GVL',
        )
        expect(scrape.value('amdahl_target_sequential_queue_length', { target })).toBeUndefined()
        for (const name of ['queue_length', 'waits_total'])
          expect(scrape.labelValues(`amdahl_lock_${name}`, 'lock', { target }), name).not.toContain('GVL')
      },
    )

    test.runIf(runsGo).each([
      ['in Go', 'workload-go-stripped', 'sell', ['go']],
      ['in Go with cgo', 'workload-go-cgo', 'restock', ['glibc', 'go']],
    ])(
      '%s has the queue at its mutex, and p of at least what that leaves',
      MEASURED,
      async (_, program, method, runtimes) => {
        const target = `shop-${program}`
        const kind = method === 'sell' ? 'mutex' : 'rwlock'
        const child = await startScript(programNamed(target, program), [
          '--p=0.5',
          '--idle=4',
          `--kind=${kind}`,
        ])
        await sleep(SECONDS * 1000)
        const scrape = await exporter.scrape()
        const { value, lower = Number.NaN, upper, reason } = exportedEstimate(scrape, target)
        const truth = await reportOf(child)
        expect({ value, upper, reason }).toEqual({ value: undefined, upper: 1, reason: 'owner-unknown' })
        expect(lower).toBeLessThan(truth.p + 0.02)
        expect(lower).toBeGreaterThan(truth.p - 0.25)
        const found = scrape.labelValues('amdahl_target_runtime_info', 'runtime', { target })
        expect([...found].sort()).toEqual(runtimes)
        const locks = scrape.labelValues('amdahl_lock_queue_length', 'lock', { target })
        // Beside locks of the runtime itself, which wait in the kernel.
        expect(locks).toContainEqual(
          expect.stringMatching(new RegExp(`^main\\.\\(\\*shop\\)\\.${method}\\+0x[0-9a-f]+$`)),
        )
        const queue = scrape.value('amdahl_target_sequential_queue_length', { target }) ?? Number.NaN
        expect(Math.abs(queue - truth.queue)).toBeLessThan(0.3 * truth.queue)
        // Waits are not counted: it is not said that there were none.
        const counted = scrape.labelValues('amdahl_lock_waits_total', 'lock', { target })
        expect(counted.filter((name) => name.startsWith('main.'))).toEqual([])
      },
    )

    test.runIf(thorough)('has it again after the tracer has died: it is told anew', async () => {
      const child = await startLoad(THREADS)
      await until('p is known', 60, () => p('threads'))
      process.kill(await tracerOf(exporter), 'SIGKILL')
      await until('p is gone', 10, async () => (await p('threads')) === undefined)
      expect(await until('p is known again', 60, () => p('threads'))).toBeGreaterThan(0.3)
      await stop(child)
    })

    test.runIf(thorough)(
      'of another number of workers is unchanged, with worse code it has regressed',
      async () => {
        const target = 'workers'
        const value = async (name: string) => (await exporter.scrape()).value(name, { target })
        const verdict = async (change: string, expected: string) =>
          (await exporter.scrape()).value('amdahl_target_change_verdict', {
            target,
            change,
            verdict: expected,
          }) === 1
        const both = async () => ({
          service: (await p(target)) ?? Number.NaN,
          code: (await value('amdahl_target_process_parallel_fraction')) ?? Number.NaN,
        })
        writeFileSync(version, '1\n')
        const two = await startLoad(['0.5', '2', '--workers', '2'])
        await until('p is known', 60, () => p(target))
        await sleep(25_000)
        const before = await both()
        expect(await stop(two)).toBe(0)

        const four = await startLoad(['0.5', '2', '--workers', '4'])
        await until('it is compared', 60, () => verdict('restart', 'unchanged'))
        const after = await both()
        expect(await stop(four)).toBe(0)
        // Twice as many locks, and the same code.
        expect(after.service - before.service).toBeGreaterThan(0.04)
        expect(Math.abs(after.code - before.code)).toBeLessThan(0.1)

        writeFileSync(version, '2\n')
        const worse = await startLoad(['0.2', '2', '--workers', '4'])
        await until('it is compared', 60, () => verdict('deploy', 'regressed'))
        expect(await stop(worse)).toBe(0)
        expect(await value('amdahl_target_deploys_total')).toBe(1)
      },
    )
  },
)
