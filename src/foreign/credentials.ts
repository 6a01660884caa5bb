import { readFileSync, readlinkSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import { parseProcCredentials } from '../parse/proc-credentials.js'

/** Who a file is read for. */
export interface Credentials {
  readonly uid: number
  readonly gids: ReadonlySet<number>
  /** Whether the mode of a file does not hold it back. */
  readonly passesModes: boolean
}

/** For the files of the machine that no process chooses. */
export const ROOT: Credentials = { uid: 0, gids: new Set([0]), passesModes: true }

/** A user of whom only the number is known: in no group, so that less is read rather than more. */
export function userAlone(uid: number): Credentials {
  return uid === 0 ? ROOT : { uid, gids: new Set(), passesModes: false }
}

/**
 * What a process itself may read. Capabilities of another user namespace hold there for its own files only, which cannot
 * be told from here: they do not count.
 *
 * @param procfs Where procfs is mounted.
 * @param folder Folder of the process there.
 * @returns Undefined where it has ended.
 * @throws {Error} It is gone.
 */
export function readCredentials(procfs: string, folder: string): Credentials | undefined {
  const found = parseProcCredentials(readFileSync(join(folder, 'status'), 'latin1'))
  if (!found || found.hasEnded) return undefined
  const { uid, gids, passesModes } = found
  return { uid, gids: new Set(gids), passesModes: passesModes && isInOwnUserNamespace(procfs, folder) }
}

function isInOwnUserNamespace(procfs: string, folder: string): boolean {
  try {
    return readlinkSync(join(folder, 'ns/user')) === readlinkSync(join(procfs, 'self/ns/user'))
  } catch {
    // Without a way to tell it is taken to be another one: less is read then.
    return false
  }
}

/** Bits of a mode: inode(7). */
const READ = 4
const SEARCH = 1

export function mayRead(who: Credentials, stats: Stats): boolean {
  return isGranted(who, stats, READ)
}

/** Whether a folder may be passed through. */
export function maySearch(who: Credentials, stats: Stats): boolean {
  return isGranted(who, stats, SEARCH)
}

/**
 * As path_resolution(7) has it: the class that fits decides, also where a later one would grant more. Access control
 * lists are not looked at: a group's bits are the most that one of them grants.
 */
function isGranted({ uid, gids, passesModes }: Credentials, stats: Stats, right: number): boolean {
  if (passesModes) return true
  const shift = stats.uid === uid ? 6 : gids.has(stats.gid) ? 3 : 0
  return ((stats.mode >> shift) & right) !== 0
}
