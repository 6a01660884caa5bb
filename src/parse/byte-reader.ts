/** Reads one value after the other. Beyond the end each is 0, and `isOverrun` stays true. */
export interface ByteReader {
  readonly isOverrun: boolean
  /** Place of the next byte. */
  position: number
  u8(): number
  u16(): number
  u32(): number
  /** NaN where it would not be exact as a number, as for `i64`, `uleb` and `sleb`. */
  u64(): number
  i16(): number
  i32(): number
  i64(): number
  uleb(): number
  sleb(): number
  /** Up to the next zero byte. */
  text(): string
}

/** Longest LEB128 that is read: ten bytes hold 64 bits (DWARF 5, section 7.6). */
const MAX_LEB_BYTES = 10

/** Creates a reader of little-endian data. */
export function createByteReader(bytes: Uint8Array, begin = 0, end = bytes.length): ByteReader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const limit = Math.min(end, bytes.length)

  const reader = {
    position: begin,
    isOverrun: false,
    u8: () => (take(1) ? view.getUint8(reader.position - 1) : 0),
    u16: () => (take(2) ? view.getUint16(reader.position - 2, true) : 0),
    u32: () => (take(4) ? view.getUint32(reader.position - 4, true) : 0),
    u64: () => (take(8) ? exact(view.getBigUint64(reader.position - 8, true)) : 0),
    i16: () => (take(2) ? view.getInt16(reader.position - 2, true) : 0),
    i32: () => (take(4) ? view.getInt32(reader.position - 4, true) : 0),
    i64: () => (take(8) ? exact(view.getBigInt64(reader.position - 8, true)) : 0),
    uleb: () => leb().value,
    sleb() {
      const { value, bits, isNegative } = leb()
      return isNegative ? value - 2 ** bits : value
    },
    text() {
      const start = reader.position
      while (reader.u8() !== 0);
      return String.fromCharCode(...bytes.subarray(start, Math.min(reader.position - 1, start + 256)))
    },
  }

  function take(count: number): boolean {
    if (!(reader.position >= 0 && reader.position + count <= limit)) {
      reader.isOverrun = true
      return false
    }
    reader.position += count
    return true
  }

  function leb(): { readonly value: number; readonly bits: number; readonly isNegative: boolean } {
    let value = 0
    for (let i = 1; i <= MAX_LEB_BYTES; i += 1) {
      const byte = reader.u8()
      value += (byte & 0x7f) * 2 ** (7 * (i - 1))
      if (byte < 0x80) {
        const isExact = Number.isSafeInteger(value) && i < MAX_LEB_BYTES
        return { value: isExact ? value : Number.NaN, bits: 7 * i, isNegative: (byte & 0x40) !== 0 }
      }
    }
    return { value: Number.NaN, bits: 0, isNegative: false }
  }

  return reader
}

function exact(value: bigint): number {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : Number.NaN
}
