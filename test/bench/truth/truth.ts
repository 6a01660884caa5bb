import { CPUS, type Observed } from './observe.js'
import type { ProgramReport, Row, Truth } from './row.js'

/** tracer.sample_hz. */
const SAMPLE_HZ = 99

/** What is true of a row: from what the kernel says of it and what it measured of itself. @param windowSeconds Of the exporter. */
export function truthOf(
  { about, inUse: byConstruction }: Pick<Row, 'about' | 'inUse'>,
  observed: Observed,
  report: ProgramReport | undefined,
  windowSeconds: number,
): Truth {
  const busyCpus =
    report === undefined ? observed.cpuSeconds / observed.seconds : report.cpu_seconds / report.seconds
  const idleCpus = CPUS * (1 - observed.machineUtilization)
  const base = {
    p: undefined,
    pAtLeast: undefined,
    queue: undefined,
    inUse: byConstruction,
    busyCpus,
    cpuInUse: busyCpus / (busyCpus + idleCpus),
    machineUtilization: observed.machineUtilization,
    samples: SAMPLE_HZ * busyCpus * Math.min(windowSeconds, observed.seconds),
    threads: observed.threads,
  }
  switch (about) {
    case 'lock': {
      if (report === undefined) throw new Error('a row about a lock needs a program that measures it')
      const { p, queue, in_use: least, held: most } = report
      const inUse = least === undefined || most === undefined ? undefined : { least, most }
      return { ...base, p, queue, inUse }
    }
    case 'thread': {
      const inUse = {
        least: observed.busiestRan / observed.seconds,
        most: observed.busiestWanted / observed.seconds,
      }
      return { ...base, p: Math.max(0, 1 - observed.busiestRan / observed.cpuSeconds), inUse }
    }
    case 'calls':
      return { ...base, pAtLeast: report?.p }
    case 'unknown':
      return base
  }
}
