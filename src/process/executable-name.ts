import { posix } from 'node:path'
import { withoutDeleted } from '../parse/proc-maps.js'
import type { ProcessFacts } from './process-directory.js'

/** File name of what a process runs; its command name where that cannot be known. */
export function fileOrCommand({ exe, stat }: Pick<ProcessFacts, 'exe' | 'stat'>): string {
  return exe === undefined ? stat.comm : executableName(exe)
}

/** File name of an executable, without folders. @param exe As /proc/PID/exe has it. */
export function executableName(exe: string): string {
  return posix.basename(withoutDeleted(exe))
}
