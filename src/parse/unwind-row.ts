import { type ByteReader, createByteReader } from './byte-reader.js'
import type { CommonInformation, FrameDescription } from './eh-frame.js'

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

/** Instructions of one program. */
const MAX_STEPS = 100_000
/** Registers that a row may speak of: x86-64 has 17 that compilers save, and the vector registers. */
const MAX_REGISTERS = 128
/** Instead of a register: the canonical frame address is an expression, which is not evaluated. */
const BY_EXPRESSION = -1
/** Nested DW_CFA_remember_state. */
const MAX_REMEMBERED = 64

/**
 * Runs the call frame instructions of an entry up to an address (DWARF 5, section 6.4). Nothing here throws.
 *
 * @returns Undefined where the canonical frame address is an expression (the PLT), the frame is a signal handler's, or
 *   the instructions are not sound.
 */
export function unwindRowAt(description: FrameDescription, address: number): UnwindRow | undefined {
  const { common, begin, end, instructions } = description
  if (common.isSignalFrame || address < begin || address >= end) return undefined
  const initial = execute(common, common.instructions, begin, address, undefined)
  const rules = initial && execute(common, instructions, begin, address, initial)
  return rules && rules.cfaRegister !== BY_EXPRESSION
    ? { ...rules, returnRegister: common.returnRegister }
    : undefined
}

/** The rules of a row. */
interface Rules {
  cfaRegister: number
  cfaOffset: number
  saved: Map<number, number | 'lost'>
}

/** A run of instructions, as far as it has come. */
interface Run {
  readonly reader: ByteReader
  readonly common: CommonInformation
  /** What DW_CFA_restore goes back to. */
  readonly initial: Rules | undefined
  readonly remembered: Rules[]
  rules: Rules
  /** Address from which the rules hold. */
  location: number
  isSound: boolean
}

/** Runs the instructions to the row of `until`; undefined where they are not sound. */
function execute(
  common: CommonInformation,
  instructions: Uint8Array,
  begin: number,
  until: number,
  initial: Rules | undefined,
): Rules | undefined {
  const run: Run = {
    reader: createByteReader(instructions),
    common,
    initial,
    remembered: [],
    rules: initial ? copy(initial) : { cfaRegister: BY_EXPRESSION, cfaOffset: 0, saved: new Map() },
    location: begin,
    isSound: true,
  }
  for (let step = 0; step < MAX_STEPS && run.reader.position < instructions.length; step += 1) {
    runInstruction(run)
    if (!isSound(run)) return undefined
    // The rows that follow are of later instructions.
    if (run.location > until) break
  }
  return run.rules
}

function isSound({ isSound, reader, rules, location, remembered }: Run): boolean {
  return (
    isSound &&
    !reader.isOverrun &&
    Number.isSafeInteger(rules.cfaOffset) &&
    Number.isFinite(location + rules.cfaRegister + reader.position) &&
    rules.saved.size <= MAX_REGISTERS &&
    remembered.length <= MAX_REMEMBERED
  )
}

/** Codes of DWARF 5, table 7.29, in the groups of section 6.4.2. */
function runInstruction(run: Run): void {
  const opcode = run.reader.u8()
  const operand = opcode & 0x3f
  const code = opcode >> 6
  if (code === 1) advance(run, operand)
  else if (code === 2) save(run, operand, run.reader.uleb())
  else if (code === 3) restore(run, operand)
  else {
    run.isSound =
      createRow(run, opcode) ||
      defineFrameAddress(run, opcode) ||
      setRule(run, opcode) ||
      keepState(run, opcode) ||
      pad(run, opcode)
  }
}

/** @returns Whether the code is one of these, as for the following. */
function createRow(run: Run, opcode: number): boolean {
  const { reader } = run
  switch (opcode) {
    case 0x02: // DW_CFA_advance_loc1
      advance(run, reader.u8())
      return true
    case 0x03: // DW_CFA_advance_loc2
      advance(run, reader.u16())
      return true
    case 0x04: // DW_CFA_advance_loc4
      advance(run, reader.u32())
      return true
    default:
      return false
  }
}

function defineFrameAddress({ reader, rules, common }: Run, opcode: number): boolean {
  switch (opcode) {
    case 0x0c: // DW_CFA_def_cfa
      rules.cfaRegister = reader.uleb()
      rules.cfaOffset = reader.uleb()
      return true
    case 0x0d: // DW_CFA_def_cfa_register
      rules.cfaRegister = reader.uleb()
      return true
    case 0x0e: // DW_CFA_def_cfa_offset
      rules.cfaOffset = reader.uleb()
      return true
    case 0x0f: // DW_CFA_def_cfa_expression
      rules.cfaRegister = BY_EXPRESSION
      skipBlock(reader)
      return true
    case 0x12: // DW_CFA_def_cfa_sf
      rules.cfaRegister = reader.uleb()
      rules.cfaOffset = reader.sleb() * common.dataAlignment
      return true
    case 0x13: // DW_CFA_def_cfa_offset_sf
      rules.cfaOffset = reader.sleb() * common.dataAlignment
      return true
    default:
      return false
  }
}

function setRule(run: Run, opcode: number): boolean {
  const { reader, rules } = run
  switch (opcode) {
    case 0x05: // DW_CFA_offset_extended
      save(run, reader.uleb(), reader.uleb())
      return true
    case 0x06: // DW_CFA_restore_extended
      restore(run, reader.uleb())
      return true
    case 0x07: // DW_CFA_undefined
      rules.saved.set(reader.uleb(), 'lost')
      return true
    case 0x08: // DW_CFA_same_value
      rules.saved.delete(reader.uleb())
      return true
    case 0x09: // DW_CFA_register
    case 0x14: // DW_CFA_val_offset
      rules.saved.set(reader.uleb(), 'lost')
      reader.uleb()
      return true
    case 0x10: // DW_CFA_expression
    case 0x16: // DW_CFA_val_expression
      rules.saved.set(reader.uleb(), 'lost')
      skipBlock(reader)
      return true
    case 0x11: // DW_CFA_offset_extended_sf
      save(run, reader.uleb(), reader.sleb())
      return true
    case 0x15: // DW_CFA_val_offset_sf
      rules.saved.set(reader.uleb(), 'lost')
      reader.sleb()
      return true
    default:
      return false
  }
}

/** Puts the rules aside, or takes them back. */
function keepState(run: Run, opcode: number): boolean {
  if (opcode === 0x0a) {
    // DW_CFA_remember_state
    run.remembered.push(copy(run.rules))
    return true
  }
  // DW_CFA_restore_state
  const before = opcode === 0x0b ? run.remembered.pop() : undefined
  if (before) run.rules = before
  return before !== undefined
}

/** DW_CFA_nop, and DW_CFA_GNU_args_size, which tells nothing of a row. */
function pad({ reader }: Run, opcode: number): boolean {
  if (opcode === 0x2e) reader.uleb()
  return opcode === 0 || opcode === 0x2e
}

function advance(run: Run, delta: number): void {
  run.location += delta * run.common.codeAlignment
}

function save({ rules, common }: Run, register: number, factored: number): void {
  const distance = factored * common.dataAlignment
  rules.saved.set(register, Number.isSafeInteger(distance) ? distance : 'lost')
}

function restore({ rules, initial }: Run, register: number): void {
  const before = initial?.saved.get(register)
  if (before === undefined) rules.saved.delete(register)
  else rules.saved.set(register, before)
}

function skipBlock(reader: ByteReader): void {
  const length = reader.uleb()
  reader.position += length
}

function copy(rules: Rules): Rules {
  return { ...rules, saved: new Map(rules.saved) }
}
