import { accessSync, constants, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Programs that are started by the exporter, as root. */
export interface Tools {
  /** Absolute path of a program; undefined: it is not installed. */
  find(name: string): string | undefined
  /** All that a program that is started sees of the environment. */
  readonly environment: Readonly<Record<string, string>>
}

/** Where the system's packages put programs. npm puts folders of its own first in PATH, which others may write to. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/usr/bin', '/sbin', '/bin']
/** For what the administrator has installed, if nobody else can: Debian lets the group staff. */
const LOCAL_FOLDERS = ['/usr/local/sbin', '/usr/local/bin']

/** @param folders Where programs are looked for, the first one first. */
export function createTools(folders: readonly string[] = [...LOCAL_FOLDERS, ...SYSTEM_FOLDERS]): Tools {
  const isSafe = (folder: string) => !LOCAL_FOLDERS.includes(folder) || isWrittenByRootOnly(folder)
  return {
    find: (name) =>
      folders
        .filter(isSafe)
        .map((folder) => join(folder, name))
        .find(isProgram),
    environment: { PATH: folders.filter(isSafe).join(':'), LC_ALL: 'C.UTF-8' },
  }
}

export const SYSTEM_TOOLS = createTools()

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    // ENOENT; EACCES: a program of others.
    return false
  }
}

function isWrittenByRootOnly(folder: string): boolean {
  return [folder, dirname(folder)].every((path) => {
    const found = statSync(path, { throwIfNoEntry: false })
    return found !== undefined && found.uid === 0 && (found.mode & 0o022) === 0
  })
}
