import type { TopLevelSpec } from 'vega-lite'
import { predictedSpeedup } from '../../../src/model/amdahl.js'
import type { SimulatedInterval } from '../../../src/simulate/simulated-interval.js'
import { HEIGHT, WIDTH } from './chart.js'
import { numberOf, type Row } from './csv.js'
import type { EstimateSummary, RateComparison } from './real-system.js'

export const AMDAHL_FRACTIONS = [0.5, 0.75, 0.9, 0.95] as const
export const AMDAHL_CPUS = Array.from({ length: 11 }, (_, power) => 2 ** power)

/** Fig. 1. */
export function amdahlChart(): TopLevelSpec {
  const values = AMDAHL_FRACTIONS.flatMap((p) =>
    AMDAHL_CPUS.map((cpus) => ({ p: `p = ${p}`, cpus, speedup: predictedSpeedup(p, cpus) })),
  )
  return {
    width: WIDTH,
    height: HEIGHT,
    data: { values },
    mark: { type: 'line', point: true },
    encoding: {
      x: { field: 'cpus', type: 'quantitative', scale: { type: 'log', base: 2 }, title: 'CPUs' },
      y: { field: 'speedup', type: 'quantitative', title: 'speed-up over one CPU' },
      color: { field: 'p', type: 'nominal', title: null },
      shape: { field: 'p', type: 'nominal', title: null },
    },
  }
}

/** One interval of Fig. 3. */
export interface SeriesPoint {
  readonly seconds: number
  readonly utilization: number
  readonly queue: number
  /** Eq. 25 of the interval; undefined without contention. */
  readonly eq25: number | undefined
}

/** @param firstSeconds Where the time axis begins. */
export function seriesPointOf(interval: SimulatedInterval, firstSeconds: number): SeriesPoint {
  const { trace, cpuSecondsBefore, cpuSecondsAfter, contendedSeconds, contendedCpuSeconds } = interval
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  const seconds = Number(trace.endNs - trace.beginNs) / 1e9
  const [lock] = trace.processes.values().next().value?.locks ?? []
  return {
    seconds: Number(trace.beginNs) / 1e9 - firstSeconds,
    utilization: (sum(cpuSecondsAfter) - sum(cpuSecondsBefore)) / (seconds * cpuSecondsAfter.length),
    queue: (lock?.queueSeconds ?? 0) / seconds,
    eq25: contendedSeconds > 0 ? 1 - contendedSeconds / contendedCpuSeconds : undefined,
  }
}

/** Fig. 3. */
export function seriesChart(points: readonly SeriesPoint[], p: number): TopLevelSpec {
  const x = { field: 'seconds', type: 'quantitative', title: 'seconds' } as const
  const y = (field: string, title: string) => ({ field, type: 'quantitative', title }) as const
  return {
    data: { values: [...points] },
    vconcat: [
      {
        width: WIDTH,
        height: 110,
        mark: 'line',
        encoding: { x, y: { ...y('utilization', 'CPU utilization'), scale: { domain: [0, 1] } } },
      },
      {
        width: WIDTH,
        height: 110,
        mark: { type: 'line', color: '#d55e00' },
        encoding: { x, y: y('queue', 'waiters at the lock') },
      },
      {
        width: WIDTH,
        height: 150,
        layer: [
          { mark: { type: 'rule', strokeDash: [4, 3] }, encoding: { y: { datum: p } } },
          {
            transform: [{ filter: 'isValid(datum.eq25)' }],
            mark: { type: 'point', filled: true, size: 30, color: '#009e73' },
            encoding: { x, y: { ...y('eq25', 'p by eq. 25'), scale: { domain: [0, 1] } } },
          },
        ],
      },
    ],
  }
}

const ratioAxis = (field: string, title: string) => ({
  field,
  type: 'quantitative' as const,
  title,
  scale: { domain: [0, 1] },
})
const injected = ratioAxis('p', 'injected p')
const byEstimator = { field: 'estimator', type: 'nominal' as const, title: null }

/** Where estimate and truth are the same, and what eq. 25 cannot exceed. */
function guides(cpus: number) {
  const line = (strokeDash: number[]) => ({
    mark: { type: 'line' as const, strokeWidth: 1, color: '#777777', strokeDash },
    encoding: {
      x: { field: 'x', type: 'quantitative' as const },
      y: { field: 'y', type: 'quantitative' as const },
    },
  })
  const from = (x: number, y: number, toX: number, toY: number) => ({
    data: {
      values: [
        { x, y },
        { x: toX, y: toY },
      ],
    },
  })
  const ceiling = 1 - 1 / cpus
  return [
    { ...from(0, 0, 1, 1), ...line([]) },
    { ...from(0, ceiling, 1, ceiling), ...line([2, 4]) },
  ]
}

/** Fig. 4: by kind of times, the rows of `simulate --csv`. */
export function simulatedChart(rowsByTimes: Readonly<Record<string, readonly Row[]>>): TopLevelSpec {
  const values = Object.entries(rowsByTimes).flatMap(([times, rows]) =>
    rows.flatMap((row) =>
      (['eq25', 'window', 'ownership'] as const).flatMap((estimator) => {
        const estimate = numberOf(row, estimator)
        const name = estimator === 'eq25' ? 'eq. 25' : estimator
        return estimate === undefined ? [] : [{ times, p: numberOf(row, 'p'), estimator: name, estimate }]
      }),
    ),
  )
  return {
    data: { values },
    hconcat: Object.keys(rowsByTimes).map((times) => ({
      width: 270,
      height: 270,
      title: `${times} times`,
      layer: [
        ...guides(4),
        {
          transform: [{ filter: { field: 'times', equal: times } }],
          mark: { type: 'point', size: 70, strokeWidth: 2 },
          encoding: {
            x: injected,
            y: ratioAxis('estimate', 'estimated p'),
            color: byEstimator,
            shape: byEstimator,
          },
        },
      ],
    })),
  }
}

/** Fig. 6: request rates with and without, and their ratio. */
export function rateChart(comparisons: readonly RateComparison[]): TopLevelSpec {
  const rates = comparisons.flatMap(({ tracer, p, withoutPerMinute, withPerMinute }) => [
    { tracer, p, probes: 'without probes', rate: withoutPerMinute },
    { tracer, p, probes: 'with probes', rate: withPerMinute },
  ])
  const tracers = [...new Set(comparisons.map(({ tracer }) => tracer))]
  const x = injected
  return {
    vconcat: tracers.map((tracer) => ({
      hconcat: [
        {
          title: tracer,
          width: 270,
          height: 230,
          data: { values: rates.filter((rate) => rate.tracer === tracer) },
          mark: { type: 'line', point: true },
          encoding: {
            x,
            y: { field: 'rate', type: 'quantitative', title: 'requests per minute' },
            color: { field: 'probes', type: 'nominal', title: null },
            shape: { field: 'probes', type: 'nominal', title: null },
          },
        },
        {
          width: 270,
          height: 230,
          data: { values: comparisons.filter((comparison) => comparison.tracer === tracer) },
          layer: [
            {
              mark: { type: 'rule', strokeDash: [4, 3], color: '#777777' },
              encoding: { y: { datum: 0.99 } },
            },
            {
              mark: { type: 'rule' },
              encoding: {
                x,
                y: { field: 'lower', type: 'quantitative', scale: { zero: false } },
                y2: { field: 'upper' },
              },
            },
            {
              mark: { type: 'point', filled: true, size: 60 },
              encoding: {
                x,
                y: {
                  field: 'ratio',
                  type: 'quantitative',
                  title: 'rate with / without probes',
                  scale: { zero: false },
                },
              },
            },
          ],
        },
      ],
    })),
  }
}

/** Fig. 7. @param cpus N of the real system. */
export function realChart(summaries: readonly EstimateSummary[], cpus: number): TopLevelSpec {
  const values = summaries.flatMap(({ tracer, trueP, ownership, window }) => [
    { tracer, p: trueP, estimator: 'ownership', estimate: ownership.value, ...boundsOf(ownership) },
    ...(window
      ? [{ tracer, p: trueP, estimator: 'window', estimate: window.value, ...boundsOf(window) }]
      : []),
  ])
  return {
    data: { values },
    hconcat: [...new Set(summaries.map(({ tracer }) => tracer))].map((tracer) => ({
      width: 270,
      height: 270,
      title: tracer,
      layer: [
        ...guides(cpus),
        {
          transform: [{ filter: { field: 'tracer', equal: tracer } }],
          mark: 'rule',
          encoding: {
            x: ratioAxis('p', 'true p'),
            y: { field: 'lower', type: 'quantitative' },
            y2: { field: 'upper' },
            color: byEstimator,
          },
        },
        {
          transform: [{ filter: { field: 'tracer', equal: tracer } }],
          mark: { type: 'point', size: 70, strokeWidth: 2 },
          encoding: {
            x: ratioAxis('p', 'true p'),
            y: ratioAxis('estimate', 'estimated p'),
            color: byEstimator,
            shape: byEstimator,
          },
        },
      ],
    })),
  }
}

function boundsOf({ lower, upper }: { readonly lower: number; readonly upper: number }) {
  return { lower, upper }
}
