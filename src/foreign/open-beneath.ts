import { closeSync, constants, fstatSync, openSync, readlinkSync, type Stats, statfsSync } from 'node:fs'
import { type Credentials, maySearch, userAlone } from './credentials.js'
import { O_PATH, type OpenFile, openNamed } from './open-file.js'
import type { Refusals } from './refusal.js'

/** As many as the kernel follows: path_resolution(7). */
const MAX_LINKS = 40
/** Folders that are open at a time; paths of programs have about ten. */
const MAX_DEPTH = 128
/** FUSE_SUPER_MAGIC: include/uapi/linux/magic.h. */
const FUSE = 0x65735546

/**
 * Opens a file below a folder, as openat2(2) would with RESOLVE_IN_ROOT: `..` and absolute links do not lead out of it,
 * and links of /proc are not followed by the kernel. It is opened part by part, so that what was looked at is what is
 * read, whatever is renamed meanwhile.
 *
 * A link is followed only to what its maker may read as well, and who owns a folder on the way to it: else a link in a
 * folder that others may write to would show them a file that only the process may read. On a file system that a program
 * serves, owners are what that says: no link is followed there.
 *
 * @param root Such as /proc/PID/root.
 * @param who May read the file, and pass through the folders on the way.
 * @returns Undefined where it is not there, or is refused.
 */
export function openBeneath(
  root: string,
  path: string,
  who: Credentials,
  refusals: Refusals,
): OpenFile | undefined {
  let folder: number
  try {
    folder = openSync(root, O_PATH | constants.O_DIRECTORY)
  } catch (error) {
    refusals.addProcError(error, path)
    return undefined
  }
  const walk: Walk = { folders: [folder], owners: new Set(), readers: [who] }
  try {
    walk.owners.add(fstatSync(folder).uid)
    return openFrom(walk, path, refusals)
  } catch (error) {
    refusals.addError(error, path)
    return undefined
  } finally {
    for (const open of walk.folders) closeSync(open)
  }
}

interface Walk {
  /** Descriptors from the root to where it is. Never empty. */
  readonly folders: number[]
  /** Users that own a folder which was passed: they can have put others in its place. */
  readonly owners: Set<number>
  /** All of these have to be allowed what is done. */
  readonly readers: Credentials[]
}

/** @throws {Error} A part cannot be opened. */
function openFrom(walk: Walk, path: string, refusals: Refusals): OpenFile | undefined {
  const names = partsOf(path)
  let links = 0
  for (let name = names.pop(); name !== undefined; name = names.pop()) {
    if (name === '..') {
      if (walk.folders.length > 1) closeSync(walk.folders.pop() as number)
      continue
    }
    const place = `/proc/self/fd/${walk.folders.at(-1)}/${name}`
    const named = openSync(place, O_PATH | constants.O_NOFOLLOW)
    let isKept = false
    try {
      const stats = fstatSync(named)
      if (stats.isSymbolicLink()) {
        links += 1
        if (links > MAX_LINKS) return refuse('too-many-links')
        if (!follow(walk, readlinkSync(place), stats, names)) return refuse('permission')
      } else if (stats.isDirectory()) {
        if (!walk.readers.every((reader) => maySearch(reader, stats))) return refuse('permission')
        if (walk.folders.length >= MAX_DEPTH) return refuse('too-large')
        isKept = walk.folders.push(named) > 0
        walk.owners.add(stats.uid)
      } else {
        return names.length > 0 ? undefined : openNamed(named, stats, path, walk.readers, refusals)
      }
    } finally {
      if (!isKept) closeSync(named)
    }
  }
  return refuse('not-regular')

  function refuse(reason: Parameters<Refusals['add']>[0]): undefined {
    refusals.add(reason, path)
  }
}

/**
 * Goes on where a link leads to.
 *
 * @param names What is left of the path, the last part first.
 * @returns Whether all who have chosen the way may be where it begins.
 */
function follow(
  { folders, owners, readers }: Walk,
  target: string,
  { uid }: Stats,
  names: string[],
): boolean {
  if (statfsSync(`/proc/self/fd/${folders.at(-1)}`).type === FUSE) return false
  for (const maker of owners.add(uid)) {
    if (!readers.some((reader) => reader.uid === maker)) readers.push(userAlone(maker))
  }
  names.push(...partsOf(target))
  if (target.startsWith('/')) for (const folder of folders.splice(1)) closeSync(folder)
  const begin = fstatSync(folders.at(-1) as number)
  return readers.every((reader) => maySearch(reader, begin))
}

/** Parts of a path, the last one first. */
function partsOf(path: string): string[] {
  return path
    .split('/')
    .filter((name) => name !== '' && name !== '.')
    .reverse()
}
