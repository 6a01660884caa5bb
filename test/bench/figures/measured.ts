import { join } from 'node:path'
import { ROOT } from '../../e2e/support/exporter.js'

/** What paper-load.bench.ts measures, and figures.bench.ts draws. */
export const FOLDER = join(ROOT, 'docs/figures')
export const RATES = join(FOLDER, 'real-rates.csv')
export const ESTIMATES = join(FOLDER, 'real-estimates.csv')
export const TRACERS = ['bpftrace', 'systemtap'] as const
export type Tracer = (typeof TRACERS)[number]

/** Where and when a tracer was measured: a line. */
export function machineFile(tracer: Tracer): string {
  return join(FOLDER, `real-machine-${tracer}.txt`)
}

/** Length of a period with or without a tracer. */
export const PERIOD_SECONDS = 12
/** Time for which the exporter watches in the virtual machine. */
export const WATCH_SECONDS = 40
