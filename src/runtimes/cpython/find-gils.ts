import {
  type FoundInterpreterLock,
  type InterpreterLockLook,
  MAX_INTERPRETER_LOCKS,
  refuse,
} from '../interpreter-lock.js'
import { type ReadMemory, readWord } from '../read-memory.js'
import { checkGil } from './check-gil.js'
import { DEBUG_OFFSETS_BYTES, parseDebugOffsets } from './debug-offsets.js'
import { GIL_BYTES, GIL_LAYOUTS, type GilLayout } from './gil-layout.js'
import { readInterpreters } from './interpreters.js'
import { versionOfFile, versionOfHex } from './python-version.js'

/** A CPython in a process: its program or library. */
export interface PythonModule {
  /** Of the file, without its folder. */
  readonly fileName: string
  /** Symbol `_PyRuntime`: its address in the process, and its size in bytes. */
  readonly runtime: { readonly address: bigint; readonly sizeBytes: number }
  /** Address of the symbol `Py_Version`; undefined where there is none: before 3.11. */
  readonly version: bigint | undefined
}

/** The process runs meanwhile: between two reads a thread may have ended. */
const ATTEMPTS = 3

/**
 * Finds the GILs of all interpreters of a CPython of the versions 3.8 to 3.14, on x86-64. Since 3.12 a sub-interpreter may have one
 * of its own: all different ones are given. None is given that checkGil does not confirm.
 */
export function findGils(python: PythonModule, read: ReadMemory): InterpreterLockLook {
  const known = layoutOf(python, read)
  if ('kind' in known) return known
  let best = lookOnce(python, known, read)
  for (let attempt = 1; attempt < ATTEMPTS && mayDiffer(best); attempt += 1) {
    const next = lookOnce(python, known, read)
    if (next.kind === 'found' || best.kind === 'refused') best = next
  }
  return best
}

interface Known {
  readonly version: string
  readonly layout: GilLayout
}

function layoutOf(
  { fileName, runtime, version }: PythonModule,
  read: ReadMemory,
): Known | InterpreterLockLook {
  const bytes = Math.min(DEBUG_OFFSETS_BYTES, runtime.sizeBytes)
  const head = bytes > 0 ? read(runtime.address, bytes) : undefined
  if (!head) return refuse('unreadable')
  const offsets = parseDebugOffsets(head)
  if (offsets?.isFreeThreaded) return refuse('free-threaded', offsets.version)
  const hex = version === undefined ? undefined : readWord(read, version)
  const told = offsets ? offsets.version : hex === undefined ? versionOfFile(fileName) : versionOfHex(hex)
  const layout = offsets ? offsets.layout : told === undefined ? undefined : GIL_LAYOUTS[told]
  if (told === undefined || !layout || !isWithin(runtime.sizeBytes, layout)) {
    return refuse('unknown-runtime-version', told)
  }
  return { version: told, layout }
}

/** Whether `_PyRuntime` has what a version has in it. */
function isWithin(sizeBytes: number, { interpretersHead, gil }: GilLayout): boolean {
  return (
    interpretersHead + 8 <= sizeBytes && (gil.in === 'interpreter' || gil.offset + GIL_BYTES <= sizeBytes)
  )
}

function mayDiffer(look: InterpreterLockLook): boolean {
  if (look.kind === 'found') return !look.isWhole
  return look.reason === 'unknown-runtime-version' || look.reason === 'no-holder'
}

function lookOnce(
  { runtime }: PythonModule,
  { version, layout }: Known,
  read: ReadMemory,
): InterpreterLockLook {
  const interpreters = readInterpreters(runtime.address, layout, read)
  if (typeof interpreters === 'string') return refuse(interpreters, version)
  if (interpreters.length === 0) return refuse('not-started', version)
  const candidates = candidatesOf(runtime.address, layout, interpreters, read)
  if (!candidates) return refuse('unknown-runtime-version', version)
  if (candidates.size > MAX_INTERPRETER_LOCKS) return refuse('too-many-interpreters', version)
  const gils: FoundInterpreterLock[] = []
  for (const [address, users] of candidates) {
    const check = checkGil(address, users, layout, read)
    if (check === 'none') return refuse('unknown-runtime-version', version)
    if (check === 'confirmed') gils.push(toFound(address, layout, version))
  }
  if (gils.length === 0) return refuse('no-holder', version)
  return { kind: 'found', locks: gils, isWhole: gils.length === candidates.size }
}

/** Where GILs may be, and the interpreters that each is of. Undefined where one cannot be read. */
function candidatesOf(
  runtime: bigint,
  { gil }: GilLayout,
  interpreters: readonly bigint[],
  read: ReadMemory,
): ReadonlyMap<bigint, ReadonlySet<bigint>> | undefined {
  const offset = BigInt(gil.offset)
  if (gil.in === 'runtime') return new Map([[runtime + offset, new Set(interpreters)]])
  const found = new Map<bigint, Set<bigint>>()
  for (const interpreter of interpreters) {
    const address = readWord(read, interpreter + offset)
    if (address === undefined) return undefined
    // One that begins or ends has none.
    if (address !== 0n) found.set(address, (found.get(address) ?? new Set()).add(interpreter))
  }
  return found
}

function toFound(address: bigint, { threadId }: GilLayout, version: string): FoundInterpreterLock {
  return { kind: 'gil', address, threadIdOffset: threadId, nativeThreadOffset: 0, version }
}
