/** A range of a process's address space, from /proc/PID/maps. */
export interface Mapping {
  readonly begin: bigint
  /** First address after the range. */
  readonly end: bigint
  /** Offset of `begin` in the file. */
  readonly offset: bigint
  /** Path, `[heap]`, `[stack]`, or '' for anonymous memory. */
  readonly path: string
  readonly isReadable: boolean
  readonly isExecutable: boolean
  /** Whether what is written there is seen by all who map it (MAP_SHARED). */
  readonly isShared: boolean
  /** `device:inode` of what is mapped, the same in all processes; `00:00:0` for private anonymous memory. */
  readonly file: string
}

const LINE = /^([0-9a-f]+)-([0-9a-f]+) (\S+) ([0-9a-f]+) (\S+) (\d+) *(.*)$/

/** Parses /proc/PID/maps (proc_pid_maps(5)); lines of another form are left out. */
export function parseProcMaps(text: string): readonly Mapping[] {
  return text.split('\n').flatMap((line) => parseProcMapsLine(line) ?? [])
}

/** Parses one line of it; undefined where it has another form. */
export function parseProcMapsLine(line: string): Mapping | undefined {
  const match = LINE.exec(line)
  if (!match) return undefined
  const [, begin = '', end = '', permissions = '', offset = '', device = '', inode = '', path = ''] = match
  return {
    begin: BigInt(`0x${begin}`),
    end: BigInt(`0x${end}`),
    offset: BigInt(`0x${offset}`),
    path,
    isReadable: permissions.startsWith('r'),
    isExecutable: permissions.includes('x'),
    isShared: permissions.endsWith('s'),
    file: `${device}:${inode}`,
  }
}

/** The path as it was before its file was removed: the kernel then appends ` (deleted)`. */
export function withoutDeleted(path: string): string {
  return path.replace(/ \(deleted\)$/, '')
}

/** Index of the first mapping that ends behind the address; their number where none does. @param mappings In the order of their addresses. */
export function firstEndingAfter(mappings: readonly Mapping[], address: bigint): number {
  let low = 0
  let high = mappings.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((mappings[middle]?.end ?? 0n) <= address) low = middle + 1
    else high = middle
  }
  return low
}
