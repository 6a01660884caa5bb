import type { Mapping } from '../parse/proc-maps.js'

/**
 * Name of a lock that is the same after a restart at other addresses: `module+0xoffset` for a lock in a program's
 * or library's own data, else the kind of memory it lies in (`heap`, `stack`, `anonymous`), which groups its locks.
 *
 * The offset is the address in the file's own numbering, as `nm` and `addr2line` print it for position-independent
 * code: counted from where the first byte of the file is mapped.
 *
 * @param mappings Address space of the process, in ascending order.
 * @returns The name; undefined where nothing is mapped at the address.
 */
export function nameLock(mappings: readonly Mapping[], address: bigint): string | undefined {
  const index = mappings.findIndex((mapping) => address >= mapping.begin && address < mapping.end)
  const mapping = mappings[index]
  if (!mapping) return undefined
  const previous = mappings[index - 1]
  // .bss is anonymous memory that follows its module's data without a gap.
  const path =
    mapping.path === '' && previous?.end === mapping.begin && previous.path.startsWith('/')
      ? previous.path
      : mapping.path
  if (path.startsWith('/')) {
    const first = mappings.find((candidate) => candidate.path === path)
    if (!first) return undefined
    const module = path
      .replace(/ \(deleted\)$/, '')
      .split('/')
      .at(-1)
    return `${module}+0x${(address - first.begin + first.offset).toString(16)}`
  }
  if (path === '[heap]') return 'heap'
  return path.startsWith('[stack') ? 'stack' : 'anonymous'
}
