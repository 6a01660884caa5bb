import { createProcReads, type OnReadError } from './bounded-read.js'
import { createNodeProcfs, type NodeProcfs } from './node-procfs.js'
import { createProcessProcfs, type ProcessProcfs } from './process-procfs.js'
import { createThreadProcfs, type ThreadProcfs } from './thread-procfs.js'

/** Reads of /proc; every one is a small synchronous read of kernel memory, which never waits for a disk or a process. */
export interface Procfs extends NodeProcfs, ProcessProcfs, ThreadProcfs {
  /** Reads that failed for another reason than that there is nothing to read, so far. Count. */
  failures(): number
}

/**
 * Creates the reader.
 *
 * @param root Where procfs is mounted: /proc, or the host's as a container sees it.
 * @param onError Is told of reads that failed for another reason than that there is nothing to read.
 */
export function createProcfs(root: string, onError?: OnReadError): Procfs {
  const reads = createProcReads(onError)
  return {
    failures: reads.failures,
    ...createNodeProcfs(root, reads),
    ...createProcessProcfs(root, reads),
    ...createThreadProcfs(root, reads),
  }
}
