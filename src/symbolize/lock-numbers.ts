/** Numbers the locks of a process that lie, or are waited for, at the same place. */
export interface LockNumbers {
  /** The same each time; undefined where there is no room for more. From 0 on. */
  numberOf(where: string, address: bigint): number | undefined
  /** Locks that have a number. Count. */
  count(): number
}

/**
 * A library may be loaded twice, and many locks from malloc are waited for at one place: the first one of a process
 * continues the first one of another. A lock without a number continues none.
 *
 * @param most Locks that are numbered, at all places together. Count.
 */
export function createLockNumbers(most: number): LockNumbers {
  /** Addresses of the locks of each place, in the order in which they were numbered. */
  const addresses = new Map<string, bigint[]>()
  let count = 0
  return {
    numberOf(where, address) {
      const known = addresses.get(where) ?? []
      const number = known.indexOf(address)
      if (number >= 0) return number
      if (count >= most) return undefined
      count += 1
      addresses.set(where, known)
      return known.push(address) - 1
    },
    count: () => count,
  }
}
