import { basename } from 'node:path'
import { type ForeignProcess, openForeignProcess } from '../foreign/foreign-process.js'
import type { ProcessMemory } from '../foreign/process-memory.js'
import type { ReaderPlaces } from '../foreign/reader-process.js'
import type { Refusals } from '../foreign/refusal.js'
import { type Mapping, withoutDeleted } from '../parse/proc-maps.js'
import { findGils } from '../runtimes/cpython/find-gils.js'
import {
  type FoundInterpreterLock,
  type InterpreterLockLook,
  type InterpreterName,
  MAX_INTERPRETER_LOCKS,
  refuse,
} from '../runtimes/interpreter-lock.js'
import type { ReadMemory } from '../runtimes/read-memory.js'
import { findGvl } from '../runtimes/ruby/find-gvl.js'
import { createInterpreterFiles, type InterpreterFile } from './interpreter-files.js'
import type { InterpreterLockRequest } from './interpreter-lock-finder.js'
import { loadBiasOf } from './load-bias.js'

/** Finds the locks of the interpreters in processes; one request after the other. */
export interface ProcessInterpreters {
  /** Undefined where the process is gone, or runs another program since the look began. */
  find(request: Pick<InterpreterLockRequest, 'pid' | 'interpreter'>): InterpreterLockLook | undefined
}

/** Files of one process that are looked at, and places where they are mapped from their first byte on. */
const MAX_MODULES = 16

interface Interpreter {
  /** Names of files that may have the runtime in them. The library comes first: then the program is small, and only uses it. */
  readonly names: readonly RegExp[]
  find(file: InterpreterFile, mapping: Mapping, bias: bigint, read: ReadMemory): InterpreterLockLook
}

const INTERPRETERS: Readonly<Record<InterpreterName, Interpreter>> = {
  cpython: { names: [/^libpython3\.\d+[a-z]*\.so/, /^python3(?:\.\d+)?[a-z]*$/], find: findInPython },
  ruby: { names: [/^libruby[-.\w]*\.so/, /^ruby[\d.]*$/], find: findInRuby },
}

export function createProcessInterpreters(
  { procfs }: Pick<ReaderPlaces, 'procfs'>,
  refusals: Refusals,
): ProcessInterpreters {
  const readFile = createInterpreterFiles()

  function lookInto(
    process: ForeignProcess,
    memory: ProcessMemory,
    interpreter: Interpreter,
  ): InterpreterLockLook {
    const looks = modulesOf(memory.mappings, process.exe, interpreter).map((mapping) => {
      const file = readFile(process, mapping)
      return file ? lookAt(file, mapping, memory, interpreter) : refuse('unreadable')
    })
    return mergeLooks(looks)
  }

  return {
    find({ pid, interpreter }) {
      const process = openForeignProcess(procfs, pid, refusals)
      try {
        const look = process?.lookIntoMemory((memory) => lookInto(process, memory, INTERPRETERS[interpreter]))
        return look === 'refused' ? refuse('unreadable') : look?.value
      } finally {
        process?.close()
      }
    },
  }
}

/** First mappings of the files that may have the runtime in them. */
function modulesOf(
  mappings: readonly Mapping[],
  exe: string | undefined,
  { names }: Interpreter,
): readonly Mapping[] {
  const firsts = mappings.filter(({ path, offset }) => offset === 0n && path.startsWith('/'))
  const named = (pattern: RegExp) => firsts.filter(({ path }) => pattern.test(fileNameOf(path)))
  const programs = firsts.filter(({ path }) => path === exe)
  return [...new Set([...names.flatMap(named), ...programs])].slice(0, MAX_MODULES)
}

function fileNameOf(path: string): string {
  return basename(withoutDeleted(path))
}

function lookAt(
  file: InterpreterFile,
  mapping: Mapping,
  memory: ProcessMemory,
  interpreter: Interpreter,
): InterpreterLockLook {
  const bias = loadBiasOf(file.loads, mapping)
  if (bias === undefined) return refuse('no-symbol')
  return interpreter.find(file, mapping, bias, (address, bytes) => memory.read(mapping.file, address, bytes))
}

function findInPython(
  { isSupportedMachine, symbols }: InterpreterFile,
  mapping: Mapping,
  bias: bigint,
  read: ReadMemory,
): InterpreterLockLook {
  const { _PyRuntime: runtime, Py_Version: version } = symbols
  if (!runtime) return refuse('no-symbol')
  if (!isSupportedMachine) return refuse('unsupported-machine')
  const python = {
    fileName: fileNameOf(mapping.path),
    runtime: { address: bias + BigInt(runtime.address), sizeBytes: runtime.sizeBytes },
    version: version && bias + BigInt(version.address),
  }
  return findGils(python, read)
}

function findInRuby(
  { isSupportedMachine, loads, symbols: { ruby_version: version } }: InterpreterFile,
  _: Mapping,
  bias: bigint,
  read: ReadMemory,
): InterpreterLockLook {
  // What begins as 0 is in memory, and not in the file.
  const written = loads.find(({ fileBytes, memoryBytes }) => memoryBytes > fileBytes)
  if (!version || !written) return refuse('no-symbol')
  if (!isSupportedMachine) return refuse('unsupported-machine')
  const begin = written.address + written.fileBytes
  const address = bias + BigInt(begin + (-begin & 7))
  const ruby = {
    variables: { address, sizeBytes: written.memoryBytes - written.fileBytes },
    version: bias + BigInt(version.address),
  }
  return findGvl(ruby, read)
}

/**
 * One look from those at each file: a program may have a copy of the runtime that is not used, since its library or the program
 * itself has another one.
 */
function mergeLooks(looks: readonly InterpreterLockLook[]): InterpreterLockLook {
  const refused = looks.filter((look) => look.kind === 'refused')
  const told = refused.filter(({ reason }) => !UNUSED.has(reason))
  const found = looks.filter((look) => look.kind === 'found')
  if (found.length === 0) {
    return told[0] ?? refused.find(({ reason }) => reason === 'not-started') ?? refuse('no-symbol')
  }
  const locks = new Map<bigint, FoundInterpreterLock>(
    found.flatMap((look) => look.locks.map((lock) => [lock.address, lock])),
  )
  if (locks.size > MAX_INTERPRETER_LOCKS) return refuse('too-many-interpreters', found[0]?.locks[0]?.version)
  const isWhole = told.length === 0 && found.every((look) => look.isWhole)
  return { kind: 'found', locks: [...locks.values()], isWhole }
}

/** What a file without a runtime of its own gives, and one whose runtime has no interpreter. */
const UNUSED: ReadonlySet<string> = new Set(['no-symbol', 'not-started'])
