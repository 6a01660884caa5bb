/**
 * Drops what was put in first, down to `most` entries.
 *
 * @returns the keys that were dropped.
 */
export function dropOldest<K>(collection: Map<K, unknown> | Set<K>, most: number): readonly K[] {
  const dropped: K[] = []
  for (const key of collection.keys()) {
    if (collection.size <= most) break
    collection.delete(key)
    dropped.push(key)
  }
  return dropped
}
