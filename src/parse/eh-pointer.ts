import type { ByteReader } from './byte-reader.js'

/** Encodings of pointers: LSB 5.0 Core, section 10.5. */
const DW_EH_PE_OMIT = 0xff
const DW_EH_PE_PCREL = 0x10
export const DW_EH_PE_DATAREL = 0x30
const DW_EH_PE_INDIRECT = 0x80

/**
 * An encoded pointer; undefined where it is omitted, or of a form that describes no code.
 *
 * @param base Address of the reader's position 0.
 * @param data What DW_EH_PE_datarel counts from.
 */
export function readPointer(
  reader: ByteReader,
  encoding: number,
  base: number,
  data: number | undefined,
): number | undefined {
  if (encoding === DW_EH_PE_OMIT) return undefined
  const place = base + reader.position
  const value = readNumber(reader, encoding & 0x0f)
  const relation = encoding & 0x70
  if (value === undefined || (encoding & DW_EH_PE_INDIRECT) !== 0) return undefined
  if (relation === 0) return value
  if (relation === DW_EH_PE_PCREL) return place + value
  return relation === DW_EH_PE_DATAREL && data !== undefined ? data + value : undefined
}

function readNumber(reader: ByteReader, format: number): number | undefined {
  switch (format) {
    case 0x00:
    case 0x04:
      return reader.u64()
    case 0x01:
      return reader.uleb()
    case 0x02:
      return reader.u16()
    case 0x03:
      return reader.u32()
    case 0x09:
      return reader.sleb()
    case 0x0a:
      return reader.i16()
    case 0x0b:
      return reader.i32()
    case 0x0c:
      return reader.i64()
    default:
      return undefined
  }
}
