import type { ProcessStat } from '../parse/proc-pid-stat.js'
import type { Procfs } from './procfs.js'

/**
 * CPU time of a process and of all that it has started, ended ones included. Reads the state of every process of the
 * machine: the kernel's own list of children is not in every kernel (CONFIG_PROC_CHILDREN).
 *
 * @returns Seconds; undefined where there is no such process.
 */
export function readFamilyCpuSeconds(
  procfs: Pick<Procfs, 'readPids' | 'readProcess'>,
  pid: number,
): number | undefined {
  const first = procfs.readProcess(pid)
  if (!first || first === 'unreadable') return undefined
  const children = new Map<number, ProcessStat[]>()
  const pids = procfs.readPids()
  for (const other of pids === 'unreadable' ? [] : pids) {
    const stat = procfs.readProcess(other)
    if (!stat || stat === 'unreadable') continue
    const siblings = children.get(stat.parentPid)
    if (siblings) siblings.push(stat)
    else children.set(stat.parentPid, [stat])
  }
  // By pid: they are not all read at the same moment, so one may seem to be its own ancestor.
  const family = new Map<number, ProcessStat>([[pid, first]])
  for (const member of family.values()) {
    for (const child of children.get(member.pid) ?? []) family.set(child.pid, child)
  }
  return [...family.values()].reduce(
    (sum, { cpuSeconds, endedChildrenCpuSeconds }) => sum + cpuSeconds + endedChildrenCpuSeconds,
    0,
  )
}
