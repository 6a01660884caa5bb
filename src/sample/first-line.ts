import { lstatSync, readlinkSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { orUndefined, readHead } from './bounded-read.js'

const MAX_LINE_BYTES = 4096

/**
 * First line of a file, as a process itself would open it. In another mount namespace no symbolic link is followed: one
 * could lead to the files of the machine.
 *
 * @param procfs Where procfs is mounted.
 */
export function readFirstLine(procfs: string, pid: number, path: string): string | undefined {
  const root = join(procfs, String(pid), 'root')
  const file = join(root, normalize(path))
  if (isForeign(procfs, pid) && leadsThroughLink(root, file)) return undefined
  return orUndefined(() => readHead(file, MAX_LINE_BYTES))
    ?.split('\n')[0]
    ?.trim()
}

/** Whether the process sees another file tree than this one. */
function isForeign(procfs: string, pid: number): boolean {
  const linkOf = (process: string, name: string) =>
    orUndefined(() => readlinkSync(join(procfs, process, name)))
  return linkOf(String(pid), 'root') !== '/' || linkOf(String(pid), 'ns/mnt') !== linkOf('self', 'ns/mnt')
}

/** Whether a part of the path below `base` is a symbolic link, or is not there. */
function leadsThroughLink(base: string, file: string): boolean {
  for (let part = file; part !== base && part.length > base.length; part = dirname(part)) {
    if (orUndefined(() => lstatSync(part).isSymbolicLink()) !== false) return true
  }
  return false
}
