import { type Mapping, parseProcMapsLine } from '../parse/proc-maps.js'
import { readLines } from './proc-text.js'
import type { Refusals } from './refusal.js'

/** The kernel's own bound, if nobody has raised it (vm.max_map_count), is 65 530. */
const MAX_MAPPINGS = 65_536
/** Text of /proc/PID/maps; usual lines have 100 bytes. */
const MAX_BYTES = 16 * 1024 * 1024
/** Of all different paths together: usual processes have some hundred. Characters. */
const MAX_PATHS_LENGTH = 4 * 1024 * 1024

/**
 * Reads the mappings of a process in bounded memory.
 *
 * @param file Its file maps.
 * @param name What it is called in a refusal.
 * @returns Undefined where they are more than is read.
 * @throws {Error} It cannot be read.
 */
export function readMappings(file: string, name: string, refusals: Refusals): readonly Mapping[] | undefined {
  const mappings: Mapping[] = []
  /** Each path is kept once: a file is mapped in several parts. */
  const paths = new Map<string, string>()
  let room = MAX_PATHS_LENGTH
  const isWhole = readLines(file, MAX_BYTES, (line) => {
    const mapping = parseProcMapsLine(line)
    if (!mapping) return true
    let known = paths.get(mapping.path)
    if (known === undefined) {
      // The lines are read as bytes.
      known = Buffer.from(mapping.path, 'latin1').toString('utf8')
      paths.set(mapping.path, known)
      room -= mapping.path.length
    }
    mappings.push({ ...mapping, path: known })
    return room >= 0 && mappings.length <= MAX_MAPPINGS
  })
  if (isWhole) return mappings
  refusals.add('too-large', name)
  return undefined
}
