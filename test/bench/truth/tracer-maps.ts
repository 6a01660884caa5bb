import { readdirSync, readFileSync } from 'node:fs'
import { familyOf } from './observe.js'

/**
 * Memory that the maps of a tracer take in the kernel, as it accounts them itself (fdinfo of each map).
 *
 * @param pid The exporter, whose descendant the tracer is.
 * @returns Bytes.
 */
export function mapBytesOf(pid: number): number {
  const sizes = new Map<string, number>()
  for (const process of familyOf(pid)) {
    for (const text of readAll(`/proc/${process}/fdinfo`)) {
      const id = /^map_id:\s*(\d+)$/m.exec(text)?.[1]
      // Several descriptors may be of one map.
      if (id !== undefined) sizes.set(id, Number(/^memlock:\s*(\d+)$/m.exec(text)?.[1] ?? 0))
    }
  }
  return [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0)
}

function readAll(folder: string): readonly string[] {
  try {
    return readdirSync(folder).map((name) => {
      try {
        return readFileSync(`${folder}/${name}`, 'utf8')
      } catch {
        return '' // closed meanwhile
      }
    })
  } catch {
    return [] // the process ended meanwhile
  }
}
