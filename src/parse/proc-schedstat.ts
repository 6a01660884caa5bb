import type { ProcTextError } from './proc-stat.js'

/** What /proc/PID/task/TID/schedstat says of a thread, since it began. Seconds. */
export interface SchedStat {
  /** Time on a CPU. */
  readonly runSeconds: number
  /** Time in which it could have run and waited for a CPU; a wait counts when it has ended. */
  readonly readySeconds: number
}

/**
 * Parses schedstat: nanoseconds on a CPU, nanoseconds waited for one, number of turns.
 *
 * Source: Documentation/scheduler/sched-stats.rst; proc_pid_schedstat() in fs/proc/base.c, which writes `0 0 0` where the
 * kernel does not count.
 *
 * @returns Undefined where the kernel does not count.
 */
export function parseProcSchedstat(text: string): SchedStat | ProcTextError | undefined {
  const match = /^(\d+) (\d+) (\d+)$/.exec(text.trim())
  if (!match) return { kind: 'error', line: 1, message: 'expected three counts' }
  const [runNs = 0, readyNs = 0, turns = 0] = match.slice(1).map(Number)
  if (runNs + readyNs + turns === 0) return undefined
  return { runSeconds: runNs / 1e9, readySeconds: readyNs / 1e9 }
}
