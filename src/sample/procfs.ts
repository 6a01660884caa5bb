import { createNodeProcfs, type NodeProcfs } from './node-procfs.js'
import { createProcessProcfs, type ProcessProcfs } from './process-procfs.js'
import { createThreadProcfs, type ThreadProcfs } from './thread-procfs.js'

/** Reads of /proc; every one is a small synchronous read of kernel memory, which never waits for a disk. */
export interface Procfs extends NodeProcfs, ProcessProcfs, ThreadProcfs {}

/** Creates the reader. `root` is where procfs is mounted: /proc, or the host's as a container sees it. */
export function createProcfs(root: string): Procfs {
  return { ...createNodeProcfs(root), ...createProcessProcfs(root), ...createThreadProcfs(root) }
}
