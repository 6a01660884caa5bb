import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { WhatIfAnswer } from '../../src/api/what-if.js'
import { type Exporter, MAIN, startExporter } from './support/exporter.js'
import type { Scrape } from './support/exposition.js'
import { MEASURED } from './support/measured.js'
import { type Child, sleep, stop } from './support/process.js'
import { type Prometheus, startPrometheus } from './support/prometheus.js'
import { isThorough, needs, needsTracer } from './support/requirements.js'
import {
  inlineJobs,
  startPool,
  startWorkload,
  startWorkloadInNamespace,
  type WorkloadReport,
} from './support/workload.js'

const thorough = isThorough()
/** Estimates are looked at after so many seconds of a workload. */
const SECONDS = thorough ? 28 : 18

interface Observed {
  readonly own: WorkloadReport
  readonly scrape: Scrape
}

describe.skipIf(!needsTracer() || !needs('prometheus', 'promtool', 'make', 'gcc', 'unshare'))(
  'a running service',
  MEASURED,
  () => {
    let exporter: Exporter
    let prometheus: Prometheus
    let pool: Child

    beforeAll(async () => {
      exporter = await startExporter()
      await exporter.ready()
      prometheus = await startPrometheus([exporter.url.replace('http://', '')])
      pool = startPool('idlepool', ['--threads', '8', '--rate', '100'])
    })

    afterAll(async () => {
      await stop(pool)
      await prometheus.stop()
      expect(await stop(exporter.child)).toBe(0)
    })

    /** Runs workloads side by side, each under its own name; what they and the exporter say at the end. */
    async function observe(
      services: Readonly<Record<string, readonly string[]>>,
      atEnd: () => Promise<void> = async () => undefined,
    ): Promise<Readonly<Record<string, Observed>>> {
      const started = await Promise.all(
        Object.entries(services).map(async ([name, args]) => ({
          name,
          workload: await startWorkload(name, ['--inline', '--threads', '4', ...args]),
        })),
      )
      try {
        await sleep(SECONDS * 1000)
        const scrape = await exporter.scrape()
        await atEnd()
        const observed: Record<string, Observed> = {}
        for (const { name, workload } of started) observed[name] = { own: await workload.finish(), scrape }
        return observed
      } finally {
        await Promise.all(started.map(({ workload }) => stop(workload.child)))
      }
    }

    function ownership({ scrape }: Observed, target: string) {
      const labels = { target, estimator: 'ownership' }
      return {
        p: scrape.value('amdahl_target_parallel_fraction', labels),
        lower: scrape.value('amdahl_target_parallel_fraction_lower', labels) ?? Number.NaN,
        upper: scrape.value('amdahl_target_parallel_fraction_upper', labels) ?? Number.NaN,
      }
    }

    function within(tolerance: number, actual: number | undefined, expected: number): void {
      expect(actual).toBeDefined()
      expect(
        Math.abs((actual ?? Number.NaN) - expected),
        `${actual} against ${expected}`,
      ).toBeLessThanOrEqual(tolerance)
    }

    function expectQueue({ scrape, own }: Observed, target: string): void {
      within(0.2 * own.queue, scrape.value('amdahl_target_sequential_queue_length', { target }), own.queue)
    }

    function windowReasons({ scrape }: Observed, target: string): readonly string[] {
      expect(scrape.value('amdahl_target_parallel_fraction', { target, estimator: 'window' })).toBeUndefined()
      return scrape.labelValues('amdahl_target_estimate_unavailable', 'reason', {
        target,
        estimator: 'window',
      })
    }

    test.runIf(thorough)(
      'limited by a lock that is held asleep: that leaves no headroom, whatever p is',
      async () => {
        const target = 'asleep'
        const jobs = ['--p', '0.9', '--demand', '5ms', '--sleep-inside', '10ms']
        const answers: WhatIfAnswer[] = []
        const { asleep } = await observe({ [target]: jobs }, async () => {
          const question = `target=${target}&cpus=8&clientsNow=4&thinkSeconds=0&demandSeconds=0.005`
          const answer = await fetch(`${exporter.url}/api/v1/what-if?${question}`)
          expect(answer.status).toBe(200)
          answers.push((await answer.json()) as WhatIfAnswer)
        })
        if (!asleep) throw new Error('not observed')
        const { scrape, own } = asleep
        expect(own.held).toBeGreaterThan(0.8)
        within(0.08, scrape.value('amdahl_lock_held_ratio', { target, lock: 'reference_lock' }), own.held)
        within(0.03, ownership(asleep, target).p, own.p)
        expect(scrape.value('amdahl_target_serial_utilization_ratio', { target })).toBeLessThan(0.2)
        expect(
          scrape.value('amdahl_target_bottleneck_info', { target, kind: 'lock', name: 'reference_lock' }),
        ).toBe(1)
        expect(scrape.value('amdahl_target_headroom_ratio', { target })).toBeLessThan(1.35)
        // Without the sleep it could be 10.
        expect(scrape.value('amdahl_target_speedup_limit', { target })).toBeLessThan(1.35)
        const [answer] = answers
        expect(answer?.bottleneck).toEqual({ kind: 'lock', name: 'reference_lock' })
        within(0.15 * own.rate, answer?.now.throughput?.value, own.rate)
        within(0.05, answer?.throughputRatio.value, 1)
      },
    )

    test('limited by its lock: both estimators see p, and Prometheus reads it from gauge and counters', async () => {
      const target = 'locked'
      const fromPrometheus: (number | undefined)[] = []
      // 6.4 jobs between two samples: with a whole number of them both keep step.
      const jobs = ['--p', '0.3', '--demand', '2150us']
      const { locked } = await observe({ [target]: jobs }, async () => {
        fromPrometheus.push(
          await prometheus.query(`amdahl_target_parallel_fraction{target="${target}",estimator="ownership"}`),
          await prometheus.query(
            `1 - rate(amdahl_target_serial_cpu_seconds_total{target="${target}"}[25s])` +
              ` / rate(amdahl_target_cpu_seconds_total{target="${target}"}[25s])`,
          ),
          await prometheus.query(`amdahl_target_regime{target="${target}",regime="sequential"}`),
        )
      })
      if (!locked) throw new Error('not observed')
      const { p, lower, upper } = ownership(locked, target)
      within(0.03, p, locked.own.p)
      expect(upper - lower).toBeLessThanOrEqual(0.06)
      within(
        0.05,
        locked.scrape.value('amdahl_target_parallel_fraction', { target, estimator: 'window' }),
        locked.own.p,
      )
      expectQueue(locked, target)
      within(0.03, fromPrometheus[0], locked.own.p)
      within(0.03, fromPrometheus[1], locked.own.p)
      expect(fromPrometheus[2]).toBe(1)
      expect(
        execFileSync('promtool', ['check', 'metrics'], { input: locked.scrape.text, encoding: 'utf8' }),
      ).toBe('')
    })

    test.runIf(thorough)(
      'limited by the CPUs: ownership sees p where eq. 25 cannot, and the window estimate says why it is absent',
      async () => {
        const target = 'saturated'
        const { saturated } = await observe({
          [target]: ['--p', '0.9', '--demand', '5ms', '--demand-distribution', 'exponential'],
        })
        if (!saturated) throw new Error('not observed')
        within(0.03, ownership(saturated, target).p, saturated.own.p)
        expect(windowReasons(saturated, target)).toEqual(['cpu-saturated'])
        expectQueue(saturated, target)
      },
    )

    test.runIf(thorough)(
      'lightly loaded: ownership sees p, and the window estimate is withheld',
      async () => {
        const target = 'light'
        const args = [
          '--p',
          '0.5',
          '--demand',
          '5ms',
          '--think',
          '20ms',
          '--think-distribution',
          'exponential',
        ]
        const answers: WhatIfAnswer[] = []
        const { light } = await observe({ [target]: args }, async () => {
          const question = `target=${target}&clientsNow=4&demandSeconds=0.005`
          const asked = fetch(`${exporter.url}/api/v1/what-if?${question}&clients=8`)
          // One at a time; and nothing else waits for it.
          expect((await fetch(`${exporter.url}/api/v1/what-if?${question}`)).status).toBe(503)
          expect((await fetch(`${exporter.url}/-/healthy`)).status).toBe(200)
          answers.push((await (await asked).json()) as WhatIfAnswer)
          const flags = ['--what-if', '--clients-now=4', '--demand=5ms', '--clients=8', '--json']
          const from = [`--from=${exporter.url}`, `--target=${target}`]
          answers.push(
            JSON.parse(execFileSync('node', [MAIN, 'simulate', ...flags, ...from], { encoding: 'utf8' })),
          )
        })
        if (!light) throw new Error('not observed')
        for (const { now, predicted, load } of answers) {
          expect(load.fitted).toEqual(['think'])
          within(0.05 * light.own.rate, now.throughput?.value, light.own.rate)
          within(0.2 * light.own.queue, now.queueLength.value, light.own.queue)
          expect(predicted.throughput?.value).toBeGreaterThan(1.4 * light.own.rate)
        }
        within(0.03, ownership(light, target).p, light.own.p)
        expect(windowReasons(light, target)).toEqual(['too-few-windows'])
        expectQueue(light, target)
        expect(light.scrape.value('amdahl_target_regime', { target, regime: 'client' })).toBe(1)
      },
    )

    test.runIf(thorough)('beside another one: each gets its own p', async () => {
      const { serial, parallel } = await observe({
        serial: ['--p', '0.2', '--demand', '2ms'],
        parallel: ['--p', '0.8', '--demand', '5ms'],
      })
      if (!serial || !parallel) throw new Error('not observed')
      within(0.05, ownership(serial, 'serial').p, serial.own.p)
      within(0.05, ownership(parallel, 'parallel').p, parallel.own.p)
    })

    test.runIf(thorough)(
      'in a container: the owner is found by the thread ids that the container sees',
      async () => {
        const target = 'contained'
        const workload = await startWorkloadInNamespace(target, inlineJobs('0.3', '5ms'))
        await sleep(SECONDS * 1000)
        const scrape = await exporter.scrape()
        const own = await workload.finish()
        within(0.03, ownership({ own, scrape }, target).p, own.p)
        expectQueue({ own, scrape }, target)
      },
    )

    test('idle on condition variables: other waits, and no lock wait, no queue and no p', async () => {
      const { text, ...scrape } = await exporter.scrape()
      const target = 'idlepool'
      expect(scrape.value('amdahl_futex_waits_total', { target, class: 'other' })).toBeGreaterThan(1000)
      expect(scrape.labelValues('amdahl_futex_waits_total', 'class', { target })).toEqual(['other'])
      expect(scrape.value('amdahl_target_sequential_queue_length', { target })).toBeUndefined()
      expect(scrape.labelValues('amdahl_target_parallel_fraction', 'estimator', { target })).toEqual([])
      expect(scrape.labelValues('amdahl_lock_waits_total', 'lock', { target })).toEqual([])
      expect(scrape.labelValues('amdahl_target_estimate_unavailable', 'reason', { target })).toEqual([
        'no-lock-contention',
        'no-lock-contention',
      ])
      expect(text).not.toMatch(/\b(NaN|Nan)\b/)
    })

    test('loses nothing and refuses no line meanwhile', async () => {
      const scrape = await exporter.scrape()
      expect(scrape.value('amdahl_tracer_lost_events_total')).toBe(0)
      expect(
        scrape.samples.filter(({ name, value }) => name.endsWith('lines_rejected_total') && value > 0),
      ).toEqual([])
      expect(scrape.value('amdahl_tracer_restarts_total')).toBe(0)
      expect(scrape.labelValues('amdahl_scrape_collector_success', 'collector').length).toBe(4)
      expect(
        scrape.samples.filter(({ name, value }) => name === 'amdahl_scrape_collector_success' && value !== 1),
      ).toEqual([])
    })
  },
)
