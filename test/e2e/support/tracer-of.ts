import { existsSync, readFileSync } from 'node:fs'
import type { Exporter } from './exporter.js'
import { until } from './process.js'

/** Process ids of the tracers that an exporter has started, by /proc. */
function tracersOf(exporter: Exporter): readonly number[] {
  const children = readFileSync(`/proc/${exporter.child.pid}/task/${exporter.child.pid}/children`, 'utf8')
  return children
    .split(' ')
    .filter((pid) => pid !== '')
    .map(Number)
    .filter(
      (pid) =>
        existsSync(`/proc/${pid}/comm`) && readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'bpftrace',
    )
}

export async function tracerOf(exporter: Exporter): Promise<number> {
  return until('a tracer runs', 30, () => tracersOf(exporter)[0])
}
