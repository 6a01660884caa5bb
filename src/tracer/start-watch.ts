/** How long a tracer may take to its first interval. Milliseconds. */
export interface StartLimits {
  /** Between two looks at it. */
  readonly lookMs: number
  /** Without work after which it counts as stuck. */
  readonly idleMs: number
  /** In all. */
  readonly mostMs: number
}

const START_LIMITS: StartLimits = {
  lookMs: 10_000,
  // Compiling and attaching the script takes seconds; the kernel lets the tracer wait for some of them.
  idleMs: 60_000,
  // bpftrace in an emulated machine was still compiling after two minutes. What works for longer than this is likely
  // to do so for ever, and takes a CPU from the services.
  mostMs: 600_000,
}

/** Share of a CPU from which a tracer counts as working: one that only wakes up to see that nothing came takes less. */
const WORKING_RATIO = 0.01

export interface StartEvents {
  /** It takes longer than one that does not work is given, and works. At most once. */
  onSlow(mostMs: number): void
  /** It is to be ended. */
  onStuck(): void
}

/** Watches a tracer that has started until its first interval. Returns what ends that. */
export type StartWatch = (pid: number | undefined, events: StartEvents) => () => void

/**
 * @param readCpuSeconds CPU time that a process and all that it has started have taken. Seconds; undefined where it is
 *   not known.
 */
export function createStartWatch(
  readCpuSeconds: (pid: number) => number | undefined,
  limits = START_LIMITS,
): StartWatch {
  return (pid, { onSlow, onStuck }) => {
    const patience = createStartPatience(limits)
    const timer = setInterval(() => {
      const verdict = patience.look(pid === undefined ? undefined : readCpuSeconds(pid))
      if (verdict === 'slow') onSlow(limits.mostMs)
      if (verdict !== 'stuck') return
      clearInterval(timer)
      onStuck()
    }, limits.lookMs)
    return () => clearInterval(timer)
  }
}

/** Says at each look at a tracer that has given no interval what to do: wait, say that it is slow (once), or end it. */
export function createStartPatience({ lookMs, idleMs, mostMs }: StartLimits) {
  let elapsedMs = 0
  let workedMs = 0
  let isSlow = false
  let lastCpuSeconds = 0
  return {
    look(cpuSeconds: number | undefined): 'wait' | 'slow' | 'stuck' {
      elapsedMs += lookMs
      const usedSeconds = (cpuSeconds ?? 0) - lastCpuSeconds
      lastCpuSeconds = cpuSeconds ?? lastCpuSeconds
      if (usedSeconds * 1000 >= WORKING_RATIO * lookMs) workedMs = elapsedMs
      if (elapsedMs - workedMs >= idleMs || elapsedMs >= mostMs) return 'stuck'
      if (isSlow || elapsedMs < idleMs) return 'wait'
      isSlow = true
      return 'slow'
    },
  }
}
