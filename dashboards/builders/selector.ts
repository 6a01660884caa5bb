/** Labels of a target on one machine. */
export const TARGET = 'job, instance, target'
/** Labels of a machine, that is of an exporter. */
export const MACHINE = 'job, instance'

/** Writes selectors of one scope: which series the variables of a dashboard select. */
export type Selector = (metric: string, matchers?: string) => string

function selector(scope: string): Selector {
  return (metric, matchers) => `${metric}{${[scope, matchers].filter(Boolean).join(', ')}}`
}

/** Of the selected machines. */
export const ofMachines = selector('job=~"$job", instance=~"$instance"')
/** Of the selected targets on the selected machines. */
export const ofTargets = selector('job=~"$job", instance=~"$instance", target=~"$target"')
/** Of one target: Grafana escapes a variable of one value for =, not for =~. */
export const ofOneTarget = selector('job=~"$job", instance=~"$instance", target="$target"')

/**
 * The largest series of each group, with one label or more in addition to those of the group. Never two of a group,
 * also where a label has just changed its value: so it can be joined.
 */
export function largest(group: string, labels: string, expr: string): string {
  return `topk by (${group}) (1, max by (${group}, ${labels}) (${expr}))`
}

/** Over the time between two points of the panel, and at least four scrapes. */
export function rate(series: string): string {
  return `rate(${series}[$__rate_interval])`
}

/** Over the time between two points of the panel, and at least four scrapes. */
export function increase(series: string): string {
  return `increase(${series}[$__rate_interval])`
}

/**
 * p of several targets or machines, from the recorded CPU time: 1 − Σ serial / Σ all. Never a mean of p.
 *
 * @param range Of the recording rules.
 * @param group Labels that are kept, such as `job, target`; none for one p of all.
 */
export function parallelFraction(of: Selector, range: '5m' | '1h', group = ''): string {
  const sum = group === '' ? 'sum' : `sum by (${group}) `
  // 2 CPU-seconds, which are 200 samples, in that range: as in the recording rules.
  const enough = { '5m': '0.007', '1h': '0.0006' }[range]
  const serial = of(`instance_target:amdahl_target_serial_cpu_seconds:rate${range}`)
  const all = of(`instance_target:amdahl_target_cpu_seconds:rate${range}`)
  return `1 - ${sum}(${serial}) / (${sum}(${all}) > ${enough})`
}
