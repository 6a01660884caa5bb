import { lstatSync, mkdirSync, readlinkSync, type Stats, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** As the kernel has it (path_resolution(7)). */
const MAX_LINKS = 40

/**
 * Makes a folder, where it is not there, into which nobody but root and the exporter's own user can put anything: else
 * a link that another user puts there could lead what is written to any file.
 *
 * @throws {Error} It cannot be made, or others may write to it or to a folder above it.
 */
export function makeStateFolder(path: string): void {
  const trustedUids = new Set([0, ownUid()])
  let links = 0

  function walk(absolute: string): void {
    let at = '/'
    for (const name of absolute.split('/').filter((part) => part !== '')) {
      at = resolve(at, name)
      const found = lstatSync(at, { throwIfNoEntry: false }) ?? make(at)
      if (!trustedUids.has(found.uid)) throw refusal(at, `belongs to user ${found.uid}`)
      if (found.isSymbolicLink()) {
        links += 1
        if (links > MAX_LINKS) throw new Error(`${at}: too many symbolic links`)
        at = resolve(dirname(at), readlinkSync(at))
        walk(at)
      } else if (!found.isDirectory()) throw new Error(`${at} is no folder`)
      else if (isWritableByOthers(found)) throw refusal(at, 'may be written by other users')
    }
  }

  const absolute = resolve(path)
  walk(absolute)
  // What others may put into it is not theirs to take away, as in /tmp; a state file would not be safe there.
  if ((statSync(absolute).mode & 0o022) !== 0) throw refusal(absolute, 'may be written by other users')
}

/** Not recursive: for a folder below /proc that never returns in Node.js 20. */
function make(path: string): Stats {
  mkdirSync(path, { mode: 0o700 })
  return lstatSync(path)
}

/** In a folder with the sticky bit others cannot take away or rename what is there. */
function isWritableByOthers({ mode }: Stats): boolean {
  return (mode & 0o022) !== 0 && (mode & 0o1000) === 0
}

function refusal(path: string, what: string): Error {
  return new Error(`the folder ${path} ${what}: give one that only root can write`)
}

function ownUid(): number {
  return statSync('/proc/self', { throwIfNoEntry: false })?.uid ?? 0
}
