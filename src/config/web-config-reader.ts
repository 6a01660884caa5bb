import { isDeepStrictEqual } from 'node:util'
import { readSmallFile, type SmallFile } from '../small-file.js'
import { type ReadWebConfig, readWebConfig } from './read-web-config.js'

/** What a web configuration file says now; the same object as long as it and the files that it names say the same. */
export type WebConfigReader = () => Promise<ReadWebConfig>

/** Reads the files each time, and looks at what they say only where that has changed. */
export function createWebConfigReader(file: string): WebConfigReader {
  let last: { readonly read: ReadonlyMap<string, SmallFile>; readonly result: ReadWebConfig } | undefined
  return async () => {
    if (last !== undefined && (await isUnchanged(last.read))) return last.result
    const read = new Map<string, SmallFile>()
    const result = await readWebConfig(file, async (path) => {
      const found = await readSmallFile(path)
      read.set(path, found)
      return found
    })
    last = { read, result }
    return result
  }
}

async function isUnchanged(read: ReadonlyMap<string, SmallFile>): Promise<boolean> {
  const same = await Promise.all(
    [...read].map(async ([path, found]) => isDeepStrictEqual(await readSmallFile(path), found)),
  )
  return same.every(Boolean)
}
