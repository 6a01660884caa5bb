import type { Procfs } from './procfs.js'

/** Finds processes that use CPU time, where no tracer tells of them. */
export interface ProcessLister {
  /**
   * Looks at the processes that are not read yet.
   *
   * @param isRead Whether the CPU time of a process is read already, or is not wanted.
   * @returns Pids of those that used CPU time since the last look, the busiest first; at most 64.
   */
  find(isRead: (pid: number) => boolean): readonly number[]
}

/** Each is looked at more closely, which costs about a millisecond; the others come next. */
const MAX_FOUND = 64
/** Processes of a look, about 10 us each; the next one goes on from there. */
const MAX_READS = 2000
/** A look ends after this time, too: on a machine that is full it may be preempted several times. Milliseconds. */
const MAX_LOOK_MS = 100
/** Between two looks; intervals can be shorter. Nanoseconds. */
const PAUSE_NS = 900_000_000n

interface Seen {
  readonly startSeconds: number
  readonly cpuSeconds: number
}

export function createProcessLister(
  procfs: Pick<Procfs, 'readPids' | 'readProcess'>,
  monotonicNs: () => bigint,
): ProcessLister {
  /** As many as there are processes. */
  let seen = new Map<number, Seen>()
  let lastNs: bigint | undefined
  /** Where the last look ended. */
  let lastPid = 0

  /** CPU time since the last look at it; undefined where it was not there. Seconds. */
  function look(pid: number): number | undefined {
    const stat = procfs.readProcess(pid)
    if (stat === 'unreadable') return undefined
    if (!stat || stat.hasEnded) {
      seen.delete(pid)
      return undefined
    }
    const before = seen.get(pid)
    const { startSeconds, cpuSeconds } = stat
    seen.set(pid, { startSeconds, cpuSeconds })
    return before?.startSeconds === startSeconds ? cpuSeconds - before.cpuSeconds : undefined
  }

  return {
    find(isRead) {
      const beginNs = monotonicNs()
      if (lastNs !== undefined && beginNs - lastNs < PAUSE_NS) return []
      lastNs = beginNs
      const pids = procfs.readPids()
      if (pids === 'unreadable') return []
      const all = [...pids].sort((a, b) => a - b)
      const there = new Set(all)
      seen = new Map([...seen].filter(([pid]) => there.has(pid)))
      const found: { pid: number; cpuSeconds: number }[] = []
      let reads = 0
      for (const pid of [...all.filter((one) => one > lastPid), ...all.filter((one) => one <= lastPid)]) {
        if (isRead(pid)) {
          seen.delete(pid)
          continue
        }
        const cpuSeconds = look(pid)
        if (cpuSeconds !== undefined && cpuSeconds > 0) found.push({ pid, cpuSeconds })
        lastPid = pid
        reads += 1
        if (reads >= MAX_READS || Number(monotonicNs() - beginNs) / 1e6 > MAX_LOOK_MS) break
      }
      const ranked = found.sort((a, b) => b.cpuSeconds - a.cpuSeconds)
      // What is put off has used CPU time still when it is looked at next.
      for (const { pid, cpuSeconds } of ranked.slice(MAX_FOUND)) putOff(pid, cpuSeconds)
      return ranked.slice(0, MAX_FOUND).map(({ pid }) => pid)
    },
  }

  function putOff(pid: number, cpuSeconds: number): void {
    const now = seen.get(pid)
    if (now) seen.set(pid, { ...now, cpuSeconds: now.cpuSeconds - cpuSeconds })
  }
}
