/**
 * CPU time of the machine since boot, from the `cpu` line of /proc/stat. Seconds.
 *
 * Source: proc_stat(5). The kernel counts guest time in user and guest_nice in nice as well: it is taken out of
 * neither, and counted once by leaving both guest fields out.
 */
export interface NodeCpuTimes {
  readonly user: number
  readonly nice: number
  readonly system: number
  readonly idle: number
  readonly iowait: number
  readonly irq: number
  readonly softirq: number
  readonly steal: number
  readonly guest: number
  readonly guestNice: number
  /** CPUs that are online now: the number of `cpuN` lines. */
  readonly onlineCpus: number
  /** By CPU number. */
  readonly cpus: ReadonlyMap<number, CpuTimes>
}

/** CPU time of one CPU since boot. Seconds. */
export interface CpuTimes {
  /** As busySeconds has it. */
  readonly busySeconds: number
  /** Work, idle, iowait and steal. */
  readonly totalSeconds: number
}

export interface ProcTextError {
  readonly kind: 'error'
  readonly line: number
  readonly message: string
}

/**
 * /proc exports CPU time in units of USER_HZ, which is 100 on every architecture that Linux still supports with
 * Node.js (include/uapi/asm-generic/param.h), whatever the kernel's own CONFIG_HZ.
 */
export const USER_HZ = 100

const FIELDS = [
  'user',
  'nice',
  'system',
  'idle',
  'iowait',
  'irq',
  'softirq',
  'steal',
  'guest',
  'guestNice',
] as const

/** Parses /proc/stat. Fields that an older kernel lacks are 0; fields that a newer one adds are left out. */
export function parseProcStat(text: string): NodeCpuTimes | ProcTextError {
  const times: Record<(typeof FIELDS)[number], number> = {
    user: 0,
    nice: 0,
    system: 0,
    idle: 0,
    iowait: 0,
    irq: 0,
    softirq: 0,
    steal: 0,
    guest: 0,
    guestNice: 0,
  }
  const cpus = new Map<number, CpuTimes>()
  let found = false
  let number = 0
  for (const line of text.split('\n')) {
    number += 1
    if (!line.startsWith('cpu')) {
      // The cpu lines come first; what follows (interrupt counts) can be long.
      if (found) break
      continue
    }
    const [name = '', ...values] = line.trim().split(/\s+/)
    if (name !== 'cpu') {
      if (!/^cpu\d+$/.test(name)) continue
      const own = cpuTimes(values)
      if (!Number.isFinite(own.totalSeconds))
        return { kind: 'error', line: number, message: `${name} has a field that is not a count` }
      cpus.set(Number(name.slice(3)), own)
      continue
    }
    found = true
    if (values.length < 4)
      return { kind: 'error', line: number, message: `expected 4 fields or more, got ${values.length}` }
    for (const [index, field] of FIELDS.entries()) {
      const value = values[index]
      if (value === undefined) break
      if (!/^\d+$/.test(value))
        return { kind: 'error', line: number, message: `${field} is not a count: ${JSON.stringify(value)}` }
      times[field] = Number(value) / USER_HZ
    }
  }
  if (!found) return { kind: 'error', line: number, message: 'no line starts with "cpu "' }
  if (cpus.size === 0) return { kind: 'error', line: number, message: 'no cpuN line' }
  return { ...times, onlineCpus: cpus.size, cpus }
}

function cpuTimes(values: readonly string[]): CpuTimes {
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] =
    values.map(Number)
  const busy = user + nice + system + irq + softirq
  return { busySeconds: busy / USER_HZ, totalSeconds: (busy + idle + iowait + steal) / USER_HZ }
}

/** CPU time spent on work: all but idle and iowait; steal went to other guests and is not busy. Seconds. */
export function busySeconds(times: NodeCpuTimes): number {
  return times.user + times.nice + times.system + times.irq + times.softirq
}
