import { dropOldest } from '../drop-oldest.js'
import type { OpenFile } from '../foreign/open-file.js'
import { hexadecimal, PT_INTERP, readName, type Section } from '../parse/elf.js'
import { NO_MARKS, type ProgramMarks } from '../runtimes/runtime.js'
import { SOUGHT_CONSTANTS } from '../runtimes/runtime-table.js'
import { type ElfFile, toElfFile } from './elf-file.js'

/** What the file of a program says of itself. */
export interface ElfFacts {
  /** GNU build-id in hexadecimal; undefined where it has none, or cannot be read. */
  readonly buildId: string | undefined
  readonly marks: ProgramMarks
}

/** Programs that are remembered: where one is started again and again, its file is read once. */
const MAX_PROGRAMS = 512
const MAX_INTERPRETER_BYTES = 256
/** Each compiler, and each version of one, has a line. */
const MAX_COMMENT_BYTES = 16 * 1024
/** As many bytes as a start file's first instructions have. */
const ENTRY_BYTES = 32
/** Constants that are gone through: a large program has one to six MB of them. */
const MAX_CONSTANTS_BYTES = 8 * 1024 * 1024
const CHUNK_BYTES = 1024 * 1024
/** Text that is told of before and after what was sought: a file's path. */
const AROUND_BYTES = 128

/** Reads an ELF file by some bounded reads, and closes it. @param file Undefined: it cannot be read. */
export function readElfFacts(file: OpenFile | undefined): ElfFacts {
  const elf = toElfFile(file)
  const facts = { buildId: elf?.buildId, marks: elf ? readMarks(elf) : NO_MARKS }
  elf?.close()
  return facts
}

/** As readElfFacts, and each file once. */
export function createElfFactsReader(): typeof readElfFacts {
  const known = new Map<string, ElfFacts>()
  return (file) => {
    const before = file && known.get(file.identity)
    if (before) {
      file.close()
      return before
    }
    const facts = readElfFacts(file)
    if (file) known.set(file.identity, facts)
    dropOldest(known, MAX_PROGRAMS)
    return facts
  }
}

function readMarks(elf: ElfFile): ProgramMarks {
  const interpreter = elf.segments.find(({ type }) => type === PT_INTERP)
  const sectionNames = elf.sectionNames()
  const section = (name: string) => elf.sections()[sectionNames.indexOf(name)]
  return {
    sectionNames,
    interpreter:
      interpreter &&
      readName(elf.read(interpreter.offset, Math.min(interpreter.fileBytes, MAX_INTERPRETER_BYTES)), 0),
    hasAbiTag: elf.hasAbiTag,
    compilers: readTexts(elf, section('.comment')),
    entryCode: hexadecimal(elf.readMemory(elf.entry, ENTRY_BYTES)),
    constants: findConstants(elf, section('.rodata')),
  }
}

/** The texts of a section of them, one after the other. */
function readTexts(elf: ElfFile, section: Section | undefined): readonly string[] {
  if (!section) return []
  const bytes = elf.read(section.offset, Math.min(section.sizeBytes, MAX_COMMENT_BYTES))
  return new TextDecoder('latin1')
    .decode(bytes)
    .split('\0')
    .filter((text) => text !== '')
}

/** For each text that is sought the first place that has it, and what is around it. */
function findConstants(elf: ElfFile, section: Section | undefined): readonly string[] {
  const found = new Map<string, string>()
  const sizeBytes = Math.min(section?.sizeBytes ?? 0, MAX_CONSTANTS_BYTES)
  // What lies across a border is in the next chunk too.
  for (let at = 0; section && at < sizeBytes; at += CHUNK_BYTES) {
    const bytes = elf.read(section.offset + at, Math.min(CHUNK_BYTES + 2 * AROUND_BYTES, sizeBytes - at))
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    for (const text of SOUGHT_CONSTANTS) {
      const index = found.has(text) ? -1 : chunk.indexOf(text, 0, 'latin1')
      if (index >= 0) {
        const begin = Math.max(0, index - AROUND_BYTES)
        found.set(text, chunk.toString('latin1', begin, index + text.length + AROUND_BYTES))
      }
    }
  }
  return [...found.values()]
}
