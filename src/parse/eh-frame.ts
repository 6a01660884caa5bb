import { createByteReader } from './byte-reader.js'
import { DW_EH_PE_DATAREL, readPointer } from './eh-pointer.js'

/**
 * Call frame information of .eh_frame: Linux Standard Base 5.0 Core, section 10.6, and DWARF 5, section 6.4.
 * Addresses are those of the file's own numbering. Nothing here throws, whatever the bytes are.
 */

/** Reads memory of a module as it is in its file; shorter or empty where it ends. */
export type ReadModule = (address: number, bytes: number) => Uint8Array

/** Entry of the code that an address lies in (FDE). */
export interface FrameDescription {
  readonly begin: number
  readonly end: number
  readonly common: CommonInformation
  readonly instructions: Uint8Array
}

/** What entries of many functions have in common (CIE). */
export interface CommonInformation {
  readonly codeAlignment: number
  readonly dataAlignment: number
  readonly returnRegister: number
  readonly pointerEncoding: number
  readonly hasAugmentation: boolean
  readonly isSignalFrame: boolean
  readonly instructions: Uint8Array
}

/** Longest entry that is read: those of compilers have some hundred bytes. */
const MAX_ENTRY_BYTES = 64 * 1024
/** Entries of one search. */
const MAX_ENTRIES = 100_000

/**
 * Finds the entry for an address by the sorted table in .eh_frame_hdr.
 *
 * @param headerAddress Where segment PT_GNU_EH_FRAME lies.
 * @returns Undefined where no code is described there, or not in the usual form.
 */
export function findFrameDescription(
  read: ReadModule,
  headerAddress: number,
  headerBytes: number,
  address: number,
): FrameDescription | undefined {
  const reader = createByteReader(read(headerAddress, 32))
  const version = reader.u8()
  const frameEncoding = reader.u8()
  const countEncoding = reader.u8()
  const tableEncoding = reader.u8()
  readPointer(reader, frameEncoding, headerAddress, headerAddress)
  const count = readPointer(reader, countEncoding, headerAddress, headerAddress)
  // Pairs of 32-bit distances from the header: what GNU ld, gold, lld and mold all write.
  if (version !== 1 || tableEncoding !== (DW_EH_PE_DATAREL | 0x0b) || reader.isOverrun) return undefined
  const table = headerAddress + reader.position
  const entries = Math.min(count ?? 0, Math.floor((headerBytes - reader.position) / 8))
  let low = 0
  let high = entries
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const begin = headerAddress + createByteReader(read(table + 8 * middle, 4)).i32()
    if (begin <= address) low = middle + 1
    else high = middle
  }
  if (low === 0) return undefined
  const entry = headerAddress + createByteReader(read(table + 8 * (low - 1) + 4, 4)).i32()
  const description = parseFrameDescription(read, entry)
  return description && address >= description.begin && address < description.end ? description : undefined
}

/**
 * Finds the entry for an address by going through .eh_frame: linkers write no table for statically linked programs.
 *
 * @param section The section.
 * @param sectionAddress Address of its first byte.
 */
export function scanFrameDescriptions(
  section: Uint8Array,
  sectionAddress: number,
  address: number,
): FrameDescription | undefined {
  const read: ReadModule = (from, bytes) => {
    const begin = from - sectionAddress
    return begin >= 0 ? section.subarray(begin, begin + bytes) : new Uint8Array()
  }
  const reader = createByteReader(section)
  for (let count = 0; count < MAX_ENTRIES; count += 1) {
    const entry = reader.position
    const length = reader.u32()
    if (length === 0 || reader.isOverrun) return undefined
    const isCommon = reader.u32() === 0
    const description = isCommon ? undefined : parseFrameDescription(read, sectionAddress + entry)
    if (description && address >= description.begin && address < description.end) return description
    reader.position = entry + 4 + length
  }
  return undefined
}

/** Parses the entry (FDE) at an address in .eh_frame, with the common one (CIE) that it refers to. */
export function parseFrameDescription(read: ReadModule, address: number): FrameDescription | undefined {
  const entry = readEntry(read, address)
  if (!entry) return undefined
  const { bytes, bodyAddress } = entry
  const reader = createByteReader(bytes)
  const distance = reader.u32()
  if (distance === 0) return undefined
  const common = parseCommonInformation(read, bodyAddress - distance)
  if (!common) return undefined
  const begin = readPointer(reader, common.pointerEncoding, bodyAddress, undefined)
  const length = readPointer(reader, common.pointerEncoding & 0x0f, bodyAddress, undefined)
  if (common.hasAugmentation) reader.position += reader.uleb()
  const isSound = begin !== undefined && length !== undefined && !reader.isOverrun && length > 0
  if (!isSound || !Number.isSafeInteger(begin + length) || !(reader.position <= bytes.length))
    return undefined
  return { begin, end: begin + length, common, instructions: bytes.subarray(reader.position) }
}

/** The bytes of an entry after its length. */
function readEntry(
  read: ReadModule,
  address: number,
): { readonly bytes: Uint8Array; readonly bodyAddress: number } | undefined {
  const length = createByteReader(read(address, 4)).u32()
  // 0 is the end of the section; 0xffffffff begins a 64-bit entry, which no linker writes for sections below 4 GB.
  if (length < 4 || length > MAX_ENTRY_BYTES) return undefined
  const bytes = read(address + 4, length)
  return bytes.length === length ? { bytes, bodyAddress: address + 4 } : undefined
}

function parseCommonInformation(read: ReadModule, address: number): CommonInformation | undefined {
  const entry = readEntry(read, address)
  if (!entry) return undefined
  const reader = createByteReader(entry.bytes)
  if (reader.u32() !== 0) return undefined
  const version = reader.u8()
  const augmentation = reader.text()
  if (version !== 1 && version !== 3) return undefined
  const codeAlignment = reader.uleb()
  const dataAlignment = reader.sleb()
  const returnRegister = version === 1 ? reader.u8() : reader.uleb()
  const hasAugmentation = augmentation.startsWith('z')
  if (!hasAugmentation && augmentation !== '') return undefined
  let pointerEncoding = 0
  let isSignalFrame = false
  let end = reader.position
  if (hasAugmentation) {
    const length = reader.uleb()
    end = reader.position + length
    for (const letter of augmentation.slice(1)) {
      if (letter === 'R') pointerEncoding = reader.u8()
      else if (letter === 'L') reader.u8()
      else if (letter === 'P') readPointer(reader, reader.u8(), entry.bodyAddress, undefined)
      else if (letter === 'S') isSignalFrame = true
      else return undefined
    }
  }
  const isSound =
    !reader.isOverrun && end <= entry.bytes.length && Number.isFinite(codeAlignment + dataAlignment)
  if (!isSound) return undefined
  return {
    codeAlignment,
    dataAlignment,
    returnRegister,
    pointerEncoding,
    hasAugmentation,
    isSignalFrame,
    instructions: entry.bytes.subarray(end),
  }
}
