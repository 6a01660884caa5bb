/** The file that a process runs. */
export interface Executable {
  readonly inode: number
  readonly sizeBytes: number
  /** Last change. Seconds after the epoch. */
  readonly mtimeSeconds: number
  /** GNU build-id in hexadecimal; undefined where the file has none. */
  readonly buildId: string | undefined
}

/** What a process runs, as far as it tells one deploy from another. */
export interface Release {
  /** File name of the executable, or the command name. */
  readonly program: string
  readonly executable: Executable | undefined
  /** By the rule of the target; undefined where it has none, or nothing was found. */
  readonly version: string | undefined
}

/** One start of a target's program. */
export interface Start extends Release {
  /** Tells processes that had the same pid apart, and one process before and after an exec. */
  readonly key: string
  readonly pid: number
  /** Start of the process, before any exec. Seconds after the epoch. */
  readonly startTimestampSeconds: number
}

/** Whether nothing was deployed between the two: same executable, same version. */
export function isSameRelease(a: Release, b: Release): boolean {
  if (a.version !== b.version && a.version !== undefined && b.version !== undefined) return false
  if (!a.executable || !b.executable) return a.program === b.program
  return isSameExecutable(a.executable, b.executable)
}

/**
 * A file that was installed again is another one, by the time of its last change; one that was moved or copied with its
 * times, as a container's layers are, is the same.
 */
function isSameExecutable(a: Executable, b: Executable): boolean {
  if (a.sizeBytes !== b.sizeBytes || a.mtimeSeconds !== b.mtimeSeconds || a.buildId !== b.buildId)
    return false
  return a.buildId !== undefined || a.inode === b.inode
}
