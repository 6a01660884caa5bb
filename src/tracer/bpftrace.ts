import { accessSync, constants, existsSync, ftruncateSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { createBpftraceFrames } from '../parse/bpftrace-frames.js'
import type { ToldLock } from '../parse/trace-interval.js'
import { describeMissing, type Privileges } from '../privileges/needs.js'
import type { ProgramBackend } from './backend.js'
import { SYSTEM_TOOLS } from './tools.js'

const SCRIPT = fileURLToPath(new URL('../../bpftrace/futex.bt', import.meta.url))

/** Type information of the kernel itself. */
const KERNEL_TYPES = '/sys/kernel/btf/vmlinux'

/** The format of a tracepoint is in one of these. */
const TRACEPOINTS = [
  '/sys/kernel/tracing/events/syscalls/sys_enter_futex/format',
  '/sys/kernel/debug/tracing/events/syscalls/sys_enter_futex/format',
]

/**
 * Entries of each map of the script: 10 000 threads may wait at once. The maps are allocated when the script is
 * loaded; docs/overhead.md gives the memory.
 */
const MAX_MAP_KEYS = 16_384

/**
 * The bpftrace back end: runs bpftrace/futex.bt.
 *
 * bpftrace insists on root as the effective user, whatever the capabilities.
 */
export function createBpftraceBackend(
  { isRoot, capabilities }: Privileges,
  tools = SYSTEM_TOOLS,
): ProgramBackend {
  return {
    name: 'bpftrace',
    deathSignal: 'KILL',
    async check() {
      const file = tools.find('bpftrace')
      if (file === undefined) {
        return { problem: 'bpftrace is not installed: install it (Debian: apt-get install bpftrace)' }
      }
      const run = await execa(file, ['--version'], {
        env: tools.environment,
        extendEnv: false,
        reject: false,
        timeout: 10_000,
      })
      const version = /v(\d+\.\d+\.\d+)/.exec(`${run.stdout}`)?.[1]
      if (version === undefined) return { problem: `bpftrace --version failed: ${lastLine(`${run.stderr}`)}` }
      if (!isRoot) return { problem: 'bpftrace needs root: run the exporter as root' }
      const problem = describeMissing(capabilities, 'bpftrace') ?? describeTracepointProblem()
      return problem === undefined ? { version } : { problem }
    },
    command: ({ intervalSeconds, sampleHz }) => ({
      file: tools.find('bpftrace') ?? 'bpftrace',
      args: [
        '--no-warnings',
        '-B',
        'line',
        SCRIPT,
        String(Math.round(intervalSeconds * 1000)),
        String(sampleHz),
      ],
      // The second name is the one since bpftrace 0.20.
      env: {
        BPFTRACE_MAP_KEYS_MAX: String(MAX_MAP_KEYS),
        BPFTRACE_MAX_MAP_KEYS: String(MAX_MAP_KEYS),
        // Else bpftrace asks the kernel for the types of its modules too, which takes CAP_SYS_ADMIN.
        ...(existsSync(KERNEL_TYPES) && { BPFTRACE_BTF: KERNEL_TYPES }),
      },
    }),
    tell: tellByCall,
    createParser: () => createBpftraceFrames(MAX_MAP_KEYS),
    explainExit(stderrTail) {
      if (/Operation not permitted|EPERM|lockdown/i.test(stderrTail)) {
        return `bpftrace may not load BPF programs here (privileges, lockdown or seccomp): ${lastLine(stderrTail)}`
      }
      if (/Unknown struct|BTF|task_struct/.test(stderrTail)) {
        return `bpftrace found no type information: use a kernel with CONFIG_DEBUG_INFO_BTF: ${lastLine(stderrTail)}`
      }
      return stderrTail.trim() === ''
        ? 'bpftrace ended without a message'
        : `bpftrace: ${lastLine(stderrTail)}`
    },
  }
}

/** No descriptor of a process is as large: fs.nr_open is at most 2^30 (fs/file.c, sysctl_nr_open_max). */
const NO_DESCRIPTOR = 2 ** 30
/** Addresses and offsets are multiples of it; those of mutexes of Go of half of it. Bytes. */
const WORD = 8
const HALF_WORD = 4

/**
 * Tells by a system call that fails, and that the script sees: it obeys its parent process alone.
 *
 * The descriptor has the process id, below 2^22, and above it 8 bits: 0 for a GIL; 1 for a mutex of Go; for a GVL 128 and the place
 * of the native thread. The length has the rest: of the 53 bits that a number of JavaScript has, 44 for the address and 9 for the
 * offset of the thread's id.
 */
function tellByCall(lock: ToldLock): boolean {
  const shape = { gil: 0, 'go-mutex': 1, gvl: 128 }[lock.kind]
  const { threadIdOffset, nativeThreadOffset } =
    lock.kind === 'go-mutex' ? { threadIdOffset: 0, nativeThreadOffset: 0 } : lock
  const unit = lock.kind === 'go-mutex' ? HALF_WORD : WORD
  const length = Number(lock.address / BigInt(unit)) + (threadIdOffset / WORD) * 2 ** 44
  try {
    ftruncateSync(NO_DESCRIPTOR + (shape + nativeThreadOffset / WORD) * 2 ** 22 + lock.pid, length)
  } catch {
    // EBADF, as is meant.
  }
  return true
}

/** Why the tracepoints of futex() are not to be had, with the remedy; undefined if they are. */
function describeTracepointProblem(): string | undefined {
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

/** The last line that says something, without the warning about RLIMIT_MEMLOCK, which harms nothing since 5.11. */
function lastLine(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.includes('RLIMIT_MEMLOCK'))
  return (lines.find((line) => line.includes('ERROR')) ?? lines.at(-1) ?? 'no message').trim().slice(0, 300)
}
