/** What could not be read, though it is there: the machine has no descriptors left, or the like. */
export type OnReadError = (error: NodeJS.ErrnoException) => void

/** Reads of /proc, or of a cgroup, that may fail. */
export interface ProcReads {
  /** What a read gives; undefined where there is nothing to read, or it failed. */
  orUndefined<T>(read: () => T): T | undefined
  /** The same, but it says where it failed. */
  orUnreadable<T>(read: () => T): T | 'unreadable' | undefined
  /** Reads that failed so far. Count. */
  failures(): number
}

/** ENOENT, ESRCH, ENODEV: the process or the cgroup is gone; EACCES, EPERM: another user's. */
const NOTHING_THERE: ReadonlySet<string> = new Set(['ENOENT', 'ESRCH', 'ENODEV', 'EACCES', 'EPERM'])

/** @param onError Is told of each read that failed for another reason than that there is nothing to read. */
export function createProcReads(onError: OnReadError = () => {}): ProcReads {
  let failures = 0

  function orUnreadable<T>(read: () => T): T | 'unreadable' | undefined {
    try {
      return read()
    } catch (error) {
      const failure = error as NodeJS.ErrnoException
      if (NOTHING_THERE.has(failure.code ?? '')) return undefined
      failures += 1
      onError(failure)
      return 'unreadable'
    }
  }

  return {
    failures: () => failures,
    orUnreadable,
    orUndefined(read) {
      const value = orUnreadable(read)
      return value === 'unreadable' ? undefined : value
    },
  }
}
