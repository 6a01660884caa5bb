import { readdirSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'

const USER_HZ = 100
/** Fields of /proc/stat's first line (proc_stat(5)): idle and iowait are not busy, steal is not ours. */
const IDLE = 3
const IOWAIT = 4
const STEAL = 7

/** Time of a thread by the scheduler's account (/proc/PID/task/TID/schedstat). Nanoseconds. */
interface ThreadTimes {
  readonly ranNs: number
  readonly waitedNs: number
}

/** What the kernel says of a target and of the machine at one moment. */
export interface Observation {
  readonly atMs: number
  /** By every process of it, those that were waited for included. Seconds. */
  readonly cpuSeconds: number
  readonly threads: ReadonlyMap<number, ThreadTimes>
  readonly busyTicks: number
  readonly allTicks: number
}

export interface Observed {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly threads: number
  /** CPU time of the thread with the most of it, and that with its waits for a CPU. Seconds. */
  readonly busiestRan: number
  readonly busiestWanted: number
  readonly machineUtilization: number
}

export const CPUS = cpus().length

/** @param pid The process whose descendants, itself included, are looked at. */
export function observe(pid: number): Observation {
  const threads = new Map<number, ThreadTimes>()
  let cpuSeconds = 0
  for (const process of familyOf(pid)) {
    cpuSeconds += readCpuSeconds(process)
    for (const thread of listNumbers(`/proc/${process}/task`)) {
      const [ran = 0, waited = 0] = (readText(`/proc/${process}/task/${thread}/schedstat`) ?? '')
        .split(' ')
        .map(Number)
      threads.set(thread, { ranNs: ran, waitedNs: waited })
    }
  }
  const ticks = (readText('/proc/stat') ?? '').split('\n', 1)[0]?.split(/\s+/).slice(1, 9).map(Number) ?? []
  const allTicks = ticks.reduce((sum, value) => sum + value, 0)
  const busyTicks = allTicks - (ticks[IDLE] ?? 0) - (ticks[IOWAIT] ?? 0) - (ticks[STEAL] ?? 0)
  return { atMs: performance.now(), cpuSeconds, threads, busyTicks, allTicks }
}

export function between(from: Observation, to: Observation): Observed {
  let [busiestRan, busiestWanted] = [0, 0]
  for (const [thread, { ranNs, waitedNs }] of to.threads) {
    const before = from.threads.get(thread) ?? { ranNs: 0, waitedNs: 0 }
    const ran = (ranNs - before.ranNs) / 1e9
    if (ran <= busiestRan) continue
    busiestRan = ran
    busiestWanted = ran + (waitedNs - before.waitedNs) / 1e9
  }
  return {
    seconds: (to.atMs - from.atMs) / 1000,
    cpuSeconds: to.cpuSeconds - from.cpuSeconds,
    threads: to.threads.size,
    busiestRan,
    busiestWanted,
    machineUtilization: (to.busyTicks - from.busyTicks) / Math.max(1, to.allTicks - from.allTicks),
  }
}

/** A process and all that descend from it. */
export function familyOf(pid: number): readonly number[] {
  const children = new Map<number, number[]>()
  for (const process of listNumbers('/proc')) {
    const parent = Number(fieldsOf(process)?.[1])
    children.set(parent, [...(children.get(parent) ?? []), process])
  }
  const family = [pid]
  for (const member of family) family.push(...(children.get(member) ?? []))
  return family
}

/** Fields of /proc/PID/stat from the state on, which follows the command name. */
function fieldsOf(process: number): readonly string[] | undefined {
  const text = readText(`/proc/${process}/stat`)
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')
}

/** utime, stime and those of children that were waited for. */
function readCpuSeconds(process: number): number {
  const ticks = fieldsOf(process)?.slice(11, 15) ?? []
  return ticks.reduce((sum, value) => sum + Number(value), 0) / USER_HZ
}

function listNumbers(folder: string): readonly number[] {
  try {
    return readdirSync(folder).map(Number).filter(Number.isInteger)
  } catch {
    return []
  }
}

/** Undefined: gone meanwhile. */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
