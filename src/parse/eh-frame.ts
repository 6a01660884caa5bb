import { type ByteReader, createByteReader } from './byte-reader.js'

/**
 * Call frame information of .eh_frame: Linux Standard Base 5.0 Core, section 10.6, and DWARF 5, section 6.4.
 * Addresses are those of the file's own numbering. Nothing here throws, whatever the bytes are.
 */

/** Reads memory of a module as it is in its file; shorter or empty where it ends. */
export type ReadModule = (address: number, bytes: number) => Uint8Array

/** How to get from a frame to its caller's at one instruction. */
export interface UnwindRow {
  /** Canonical frame address: value of this register plus `cfaOffset`. Number of the register in DWARF. */
  readonly cfaRegister: number
  readonly cfaOffset: number
  /** Where a register of the caller is saved, as a distance from the canonical frame address; else its value is lost. */
  readonly saved: ReadonlyMap<number, number | 'lost'>
  /** Number of the column that holds the return address. */
  readonly returnRegister: number
}

/** Entry of the code that an address lies in. */
export interface FrameDescription {
  readonly begin: number
  readonly end: number
  readonly common: CommonInformation
  readonly instructions: Uint8Array
}

interface CommonInformation {
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
/** Steps of one search or one program. */
const MAX_STEPS = 100_000
/** Registers that a row may speak of: x86-64 has 17 that compilers save, and the vector registers. */
const MAX_REGISTERS = 128
/** Instead of a register: the canonical frame address is an expression, which is not evaluated. */
const BY_EXPRESSION = -1
/** Nested DW_CFA_remember_state. */
const MAX_REMEMBERED = 64

/** Encodings of pointers: LSB 5.0 Core, section 10.5. */
const DW_EH_PE_OMIT = 0xff
const DW_EH_PE_PCREL = 0x10
const DW_EH_PE_DATAREL = 0x30
const DW_EH_PE_INDIRECT = 0x80

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
  for (let step = 0; step < MAX_STEPS; step += 1) {
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

/**
 * An encoded pointer; undefined where it is omitted, or of a form that describes no code.
 *
 * @param base Address of the reader's position 0.
 * @param data What DW_EH_PE_datarel counts from.
 */
function readPointer(
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

interface State {
  cfaRegister: number
  cfaOffset: number
  saved: Map<number, number | 'lost'>
}

/**
 * Runs the call frame instructions of an entry up to an address.
 *
 * @returns Undefined where the canonical frame address is an expression (the PLT), the frame is a signal handler's, or
 *   the instructions are not sound.
 */
export function unwindRowAt(description: FrameDescription, address: number): UnwindRow | undefined {
  const { common, begin } = description
  if (common.isSignalFrame || address < begin || address >= description.end) return undefined
  const initial = execute(common, common.instructions, begin, address, undefined)
  const state = initial && execute(common, description.instructions, begin, address, initial)
  return state && state.cfaRegister !== BY_EXPRESSION
    ? { ...state, returnRegister: common.returnRegister }
    : undefined
}

function execute(
  common: CommonInformation,
  instructions: Uint8Array,
  begin: number,
  until: number,
  initial: State | undefined,
): State | undefined {
  const reader = createByteReader(instructions)
  const remembered: State[] = []
  let location = begin
  let state: State = initial ? copy(initial) : { cfaRegister: BY_EXPRESSION, cfaOffset: 0, saved: new Map() }
  const save = (register: number, factored: number) => {
    const distance = factored * common.dataAlignment
    state.saved.set(register, Number.isSafeInteger(distance) ? distance : 'lost')
  }
  const restore = (register: number) => {
    const before = initial?.saved.get(register)
    if (before === undefined) state.saved.delete(register)
    else state.saved.set(register, before)
  }
  const advance = (delta: number) => {
    location += delta * common.codeAlignment
  }
  const skipBlock = () => {
    const length = reader.uleb()
    reader.position += length
  }

  /** Codes of DWARF 5, table 7.29, that have no operand in their own byte. False: it has no meaning here. */
  function runExtended(opcode: number): boolean {
    switch (opcode) {
      case 0x00: // DW_CFA_nop
        return true
      case 0x02: // DW_CFA_advance_loc1
        advance(reader.u8())
        return true
      case 0x03: // DW_CFA_advance_loc2
        advance(reader.u16())
        return true
      case 0x04: // DW_CFA_advance_loc4
        advance(reader.u32())
        return true
      case 0x05: // DW_CFA_offset_extended
        save(reader.uleb(), reader.uleb())
        return true
      case 0x06: // DW_CFA_restore_extended
        restore(reader.uleb())
        return true
      case 0x07: // DW_CFA_undefined
        state.saved.set(reader.uleb(), 'lost')
        return true
      case 0x08: // DW_CFA_same_value
        state.saved.delete(reader.uleb())
        return true
      case 0x09: // DW_CFA_register
      case 0x14: // DW_CFA_val_offset
        state.saved.set(reader.uleb(), 'lost')
        reader.uleb()
        return true
      case 0x0a: // DW_CFA_remember_state
        remembered.push(copy(state))
        return remembered.length <= MAX_REMEMBERED
      case 0x0b: {
        // DW_CFA_restore_state
        const before = remembered.pop()
        if (before) state = before
        return before !== undefined
      }
      case 0x0c: // DW_CFA_def_cfa
        state.cfaRegister = reader.uleb()
        state.cfaOffset = reader.uleb()
        return true
      case 0x0d: // DW_CFA_def_cfa_register
        state.cfaRegister = reader.uleb()
        return true
      case 0x0e: // DW_CFA_def_cfa_offset
        state.cfaOffset = reader.uleb()
        return true
      case 0x0f: // DW_CFA_def_cfa_expression
        state.cfaRegister = BY_EXPRESSION
        skipBlock()
        return true
      case 0x10: // DW_CFA_expression
      case 0x16: // DW_CFA_val_expression
        state.saved.set(reader.uleb(), 'lost')
        skipBlock()
        return true
      case 0x11: // DW_CFA_offset_extended_sf
        save(reader.uleb(), reader.sleb())
        return true
      case 0x12: // DW_CFA_def_cfa_sf
        state.cfaRegister = reader.uleb()
        state.cfaOffset = reader.sleb() * common.dataAlignment
        return true
      case 0x13: // DW_CFA_def_cfa_offset_sf
        state.cfaOffset = reader.sleb() * common.dataAlignment
        return true
      case 0x15: // DW_CFA_val_offset_sf
        state.saved.set(reader.uleb(), 'lost')
        reader.sleb()
        return true
      case 0x2e: // DW_CFA_GNU_args_size
        reader.uleb()
        return true
      default:
        return false
    }
  }

  for (let step = 0; step < MAX_STEPS && reader.position < instructions.length; step += 1) {
    const opcode = reader.u8()
    const operand = opcode & 0x3f
    const code = opcode >> 6
    if (code === 1) advance(operand)
    else if (code === 2) save(operand, reader.uleb())
    else if (code === 3) restore(operand)
    else if (!runExtended(opcode)) return undefined
    const isSound =
      Number.isSafeInteger(state.cfaOffset) && Number.isFinite(location + state.cfaRegister + reader.position)
    if (reader.isOverrun || !isSound || state.saved.size > MAX_REGISTERS) return undefined
    // The rows that follow are of later instructions.
    if (location > until) break
  }
  return state
}

function copy(state: State): State {
  return { ...state, saved: new Map(state.saved) }
}
