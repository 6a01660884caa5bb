import { type ProcTextError, USER_HZ } from './proc-stat.js'

/** What /proc/PID/stat says of a process. */
export interface ProcessStat {
  readonly pid: number
  /** Command name, at most 15 bytes; may hold spaces and parentheses. */
  readonly comm: string
  readonly parentPid: number
  /** User and system time of all threads, ended ones included. Seconds, in steps of 10 ms. */
  readonly cpuSeconds: number
  /** The same of children that ended and were waited for, with theirs. Seconds. */
  readonly endedChildrenCpuSeconds: number
  readonly threadCount: number
  /** Start of the process after boot. Seconds; tells a reused pid from the process that had it before. */
  readonly startSeconds: number
  /**
   * Where code and stack begin: with address space randomization another pair after each exec. The kernel shows the
   * same to everybody who may not look.
   */
  readonly layout: string
  /** Whether it only waits for its parent to take notice: its memory and its files are gone. */
  readonly hasEnded: boolean
}

/** From the state on; those after them are not asked for. */
const FIELDS = 26

/** Parses /proc/PID/stat (proc_pid_stat(5)): the name ends at the last parenthesis, then fields count from 3. */
export function parseProcPidStat(text: string): ProcessStat | ProcTextError {
  const open = text.indexOf(' (')
  const close = text.lastIndexOf(') ')
  if (open < 0 || close < open) return { kind: 'error', line: 1, message: 'expected PID (COMM) STATE …' }
  const fields = text.slice(close + 2).split(' ', FIELDS)
  const pid = Number(text.slice(0, open))
  const numbers = [1, 11, 12, 13, 14, 17, 19].map((index) => Number(fields[index]))
  const [
    parentPid = 0,
    userTicks = 0,
    systemTicks = 0,
    childUserTicks = 0,
    childSystemTicks = 0,
    threadCount = 0,
    startTicks = 0,
  ] = numbers
  if (!Number.isSafeInteger(pid) || !numbers.every(Number.isFinite)) {
    return {
      kind: 'error',
      line: 1,
      message: 'pid, ppid, a CPU time, num_threads or starttime is not a number',
    }
  }
  return {
    pid,
    comm: text.slice(open + 2, close),
    parentPid,
    cpuSeconds: (userTicks + systemTicks) / USER_HZ,
    endedChildrenCpuSeconds: (childUserTicks + childSystemTicks) / USER_HZ,
    threadCount,
    startSeconds: startTicks / USER_HZ,
    layout: `${fields[23]}:${fields[25]}`,
    hasEnded: fields[0] === 'Z' || fields[0] === 'X',
  }
}
