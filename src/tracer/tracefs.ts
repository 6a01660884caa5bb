import { accessSync, constants } from 'node:fs'

/** The format of a tracepoint is in one of these. */
const TRACEPOINTS = [
  '/sys/kernel/tracing/events/syscalls/sys_enter_futex/format',
  '/sys/kernel/debug/tracing/events/syscalls/sys_enter_futex/format',
]

/** Why the tracepoints of futex() are not to be had, with the remedy; undefined if they are. */
export function describeTracefsProblem(): string | undefined {
  const errors = TRACEPOINTS.map(whyUnreadable)
  if (errors.includes(undefined)) return undefined
  if (errors.includes('EACCES')) return 'tracefs may be read by root only: run as root'
  return (
    'the tracepoint syscalls:sys_enter_futex is not there: mount tracefs ' +
    '(mount -t tracefs nodev /sys/kernel/tracing), or use a kernel with CONFIG_FTRACE_SYSCALLS'
  )
}

function whyUnreadable(path: string): string | undefined {
  try {
    accessSync(path, constants.R_OK)
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown'
  }
}
