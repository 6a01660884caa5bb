import type { ReadMemory } from '../../src/runtimes/read-memory.js'

/** Parts of a process's memory, byte by byte: what is not in it is not mapped. */
export interface MemoryImage {
  readonly read: ReadMemory
  /** A pointer or an unsigned long; 0 where nothing is mapped. */
  word(address: bigint): bigint
  set(address: bigint, ...words: readonly bigint[]): void
  setBytes(address: bigint, bytes: Uint8Array): void
  unmap(address: bigint): void
  /** Addresses of all bytes. */
  addresses(): readonly bigint[]
}

export function createImage(): MemoryImage {
  const bytes = new Map<bigint, number>()

  const read: ReadMemory = (address, count) => {
    const found = new Uint8Array(count)
    for (let i = 0; i < count; i += 1) {
      const byte = bytes.get(address + BigInt(i))
      if (byte === undefined) return undefined
      found[i] = byte
    }
    return found
  }

  const image: MemoryImage = {
    read,
    word: (address) => {
      const found = read(address, 8)
      return found ? new DataView(found.buffer).getBigUint64(0, true) : 0n
    },
    set(address, ...words) {
      image.setBytes(address, new Uint8Array(BigUint64Array.from(words).buffer))
    },
    setBytes(address, written) {
      for (const [i, byte] of written.entries()) bytes.set(address + BigInt(i), byte)
    },
    unmap: (address) => void bytes.delete(address),
    addresses: () => [...bytes.keys()],
  }
  return image
}

/** @param pieces In hexadecimal, by address. */
export function imageOf(pieces: Readonly<Record<string, string>>): MemoryImage {
  const image = createImage()
  for (const [address, hex] of Object.entries(pieces))
    image.setBytes(BigInt(address), Buffer.from(hex, 'hex'))
  return image
}
