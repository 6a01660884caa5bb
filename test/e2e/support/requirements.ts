import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** In this mode nothing may be skipped: a test whose requirement is missing runs, and fails. */
const STRICT = process.env.AMDAHL_TEST_STRICT === '1'

function missing(what: string): boolean {
  if (STRICT) return false
  console.warn(`skipped: ${what}`)
  return true
}

/** Whether the longer suites run as well. Without them all tests together stay below ten minutes. */
export function isThorough(): boolean {
  return STRICT || !missing('the longer suites, which .ci/run has: set AMDAHL_TEST_STRICT=1')
}

/** Whether these commands are installed. */
export function needs(...commands: readonly string[]): boolean {
  const folders = (process.env.PATH ?? '').split(':')
  const absent = commands.filter((command) => !folders.some((folder) => isFile(join(folder, command))))
  return absent.length === 0 || !missing(`not installed: ${absent.join(', ')}`)
}

/** Whether a tracer can run here: root, bpftrace and the tracepoints. */
export function needsTracer(): boolean {
  if (process.geteuid?.() !== 0) return !missing('a tracer needs root')
  if (!existsSync('/sys/kernel/tracing/events/syscalls/sys_enter_futex')) {
    return !missing(
      'no tracepoint syscalls:sys_enter_futex: mount tracefs, or use a kernel with CONFIG_FTRACE_SYSCALLS',
    )
  }
  return needs('bpftrace')
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile()
}
