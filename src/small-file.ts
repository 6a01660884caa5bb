import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

/** Keys, tokens and configurations are far smaller. */
const MAX_BYTES = 1024 * 1024

export type SmallFile =
  | {
      readonly text: string
      /** Whether every user of the machine may read it. */
      readonly isReadableByAll: boolean
    }
  /** Why there is none, in a few words. */
  | { readonly problem: string }

/** Reads a file that the administrator named: a regular one of at most 1 MiB, so that no pipe or device stops the reader. */
export async function readSmallFile(path: string): Promise<SmallFile> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
    try {
      const stat = await file.stat()
      if (!stat.isFile()) return { problem: 'not a regular file' }
      if (stat.size > MAX_BYTES) return { problem: `larger than ${MAX_BYTES} bytes` }
      return { text: await file.readFile('utf8'), isReadableByAll: (stat.mode & 0o004) !== 0 }
    } finally {
      await file.close()
    }
  } catch (error) {
    return { problem: describeErrno(error as NodeJS.ErrnoException) }
  }
}

function describeErrno({ code = 'unknown' }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'no such file'
  return code === 'EACCES' ? 'no permission' : code
}
