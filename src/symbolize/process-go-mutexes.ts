import { dropOldest } from '../drop-oldest.js'
import { type ForeignProcess, openForeignProcess } from '../foreign/foreign-process.js'
import type { ProcessMemory } from '../foreign/process-memory.js'
import type { ReaderPlaces } from '../foreign/reader-process.js'
import type { Refusals } from '../foreign/refusal.js'
import type { Mapping } from '../parse/proc-maps.js'
import type { GoFunction, GoFunctions } from '../runtimes/go/function-table.js'
import { type GoLook, type GoReason, refuseGo } from '../runtimes/go/go-look.js'
import { type ContendedMutex, placeOfCaller, readContendedMutexes } from '../runtimes/go/mutexes.js'
import { type ElfFile, toElfFile } from './elf-file.js'
import type { GoMutexRequest } from './go-mutex-finder.js'
import { type GoProgram, openFunctions, readGoProgram } from './go-program.js'
import { shortenLabel } from './label.js'
import { loadBiasOf } from './load-bias.js'

/** Finds the mutexes for which goroutines wait; one request after the other. */
export interface ProcessGoMutexes {
  /** Undefined where the process is gone, or runs another program since the look began. */
  look(request: Pick<GoMutexRequest, 'pid'>): GoLook | undefined
}

/** Programs that are remembered, and of each the functions that were asked for. */
const MAX_PROGRAMS = 64
const MAX_FUNCTIONS = 1024

interface Known {
  readonly program: GoProgram | GoReason
  /** By addresses in them; undefined: there is no function. */
  readonly functions: Map<number, GoFunction | undefined>
}

export function createProcessGoMutexes(
  { procfs }: Pick<ReaderPlaces, 'procfs'>,
  refusals: Refusals,
): ProcessGoMutexes {
  const programs = new Map<string, Known>()

  /** By the state of its file, which says whether it is the same without opening it. */
  function knownOf(process: ForeignProcess): Known | undefined {
    const stats = process.statProgram()
    if (!stats) return undefined
    const key = `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeMs}`
    const known = programs.get(key) ?? readKnown(process)
    programs.delete(key)
    if (known) programs.set(key, known)
    dropOldest(programs, MAX_PROGRAMS)
    return known
  }

  function readKnown(process: ForeignProcess): Known | undefined {
    const elf = toElfFile(process.openProgram())
    try {
      return elf && { program: readGoProgram(elf), functions: new Map() }
    } finally {
      elf?.close()
    }
  }

  function lookInto(process: ForeignProcess, memory: ProcessMemory): GoLook {
    const known = knownOf(process)
    if (!known) return refuseGo('unreadable')
    const { program, functions } = known
    if (typeof program === 'string') return refuseGo(program)
    const own = memory.mappings.filter(({ path }) => path === process.exe)
    const first = own.find(({ offset }) => offset === 0n)
    const bias = first && loadBiasOf(program.loads, first)
    if (!first || bias === undefined) return refuseGo('unreadable')
    const code = own.filter(({ isExecutable }) => isExecutable)
    const mutexes = readContendedMutexes(
      bias + BigInt(program.semtable),
      (address, bytes) => memory.read(first.file, address, bytes),
      (address) => code.some((mapping) => isWithin(mapping, address)),
    )
    if (!mutexes) return refuseGo('unreadable')
    const namer = createNamer(process, program, functions, bias)
    try {
      return { kind: 'found', mutexes: mutexes.flatMap((mutex) => namer.name(mutex) ?? []) }
    } finally {
      namer.close()
    }
  }

  return {
    look({ pid }) {
      const process = openForeignProcess(procfs, pid, refusals)
      try {
        const look = process?.lookIntoMemory((memory) => lookInto(process, memory))
        return look === 'refused' ? refuseGo('unreadable') : look?.value
      } finally {
        process?.close()
      }
    },
  }
}

function isWithin({ begin, end }: Mapping, address: bigint): boolean {
  return address >= begin && address < end
}

/** Names mutexes by who waits for them; opens the program where a function is not known yet. */
function createNamer(
  process: ForeignProcess,
  program: GoProgram,
  known: Map<number, GoFunction | undefined>,
  bias: bigint,
) {
  let elf: ElfFile | undefined
  let table: GoFunctions | undefined

  function functionAt(address: number): GoFunction | undefined {
    if (!known.has(address)) {
      elf ??= toElfFile(process.openProgram())
      table ??= elf && openFunctions(elf, program)
      if (!table) return undefined
      known.set(address, table.at(address))
      dropOldest(known, MAX_FUNCTIONS)
    }
    return known.get(address)
  }

  return {
    name({ address, waiters, callers }: ContendedMutex) {
      const places = callers.map((caller) => Number(caller - bias))
      // A call is the end of what comes before its return address.
      const functions = places.map((place) => functionAt(place - 1))
      const place = placeOfCaller(functions.map((one) => one?.name))
      if (place === undefined) return undefined
      const { name = '', entry = 0 } = functions[place] ?? {}
      return {
        address,
        waiters,
        label: shortenLabel('', name, `+0x${((places[place] ?? 0) - entry).toString(16)}`),
      }
    },
    close() {
      elf?.close()
    },
  }
}
