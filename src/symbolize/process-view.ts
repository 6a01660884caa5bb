import { type ForeignProcess, openForeignProcess } from '../foreign/foreign-process.js'
import type { Refusals } from '../foreign/refusal.js'
import { firstEndingAfter, type Mapping, withoutDeleted } from '../parse/proc-maps.js'
import { createMappedModules } from './mapped-modules.js'
import type { Module, ModuleReader } from './module.js'

/** What lies at an address. */
export type Place =
  | {
      readonly kind: 'module'
      readonly module: Module
      /** In the file's own numbering; undefined where the file cannot be read. */
      readonly address: number | undefined
      /** Counted from where the first byte of the file is mapped: the same after a restart. */
      readonly offset: bigint
      readonly isExecutable: boolean
    }
  | { readonly kind: 'memory'; readonly memory: 'heap' | 'stack' | 'anonymous' }

/** What a futex word is a part of, the same for all processes that see it. */
export interface LockHome {
  /** Device, inode and offset of shared memory; file and offset in private memory. */
  readonly key: string
  /** Whether it is one lock for all processes that map it; else each process has one of its own. */
  readonly isShared: boolean
}

/** Address space of a process, as it was when it was read. */
export interface ProcessView {
  /** Undefined where nothing is mapped. */
  locate(address: bigint): Place | undefined
  /** What a lock at this address is a part of; undefined where only its address tells it apart, or nothing is mapped. */
  homeOf(address: bigint): LockHome | undefined
  /** Reads the symbols of the program, whose file cannot be found when the process has ended. */
  prepare(): void
  /** Closes the files; the next look-up that needs one opens it again. */
  release(): void
  readonly mappingCount: number
  /** Lets the process go: no file can be opened any more. */
  close(): void
}

/** Files that hold nameless memory: shared anonymous memory, memfd_create(2), System V segments, huge pages. */
const NAMELESS = /^\/(?:dev\/zero$|memfd:|SYSV[0-9a-f]{8}$|anon_hugepage$)/

/** Reads the address space; undefined where the process is gone, may not be read, or has mapped too much. */
export function readProcessView(
  procfs: string,
  pid: number,
  reader: ModuleReader,
  refusals: Refusals,
): ProcessView | undefined {
  const process = openForeignProcess(procfs, pid, refusals)
  const { exe, mappings = [] } = { exe: process?.exe, mappings: process?.mappings() }
  if (process && exe !== undefined && mappings.length > 0)
    return createProcessView(process, exe, mappings, reader)
  process?.close()
  return undefined
}

function createProcessView(
  process: ForeignProcess,
  exe: string,
  mappings: readonly Mapping[],
  reader: ModuleReader,
): ProcessView {
  const modules = createMappedModules(process, mappings, exe, reader)

  function locate(address: bigint): Place | undefined {
    const index = indexAt(mappings, address)
    const mapping = mappings[index]
    if (!mapping) return undefined
    const previous = mappings[index - 1]
    // .bss is anonymous memory that follows its module's data without a gap.
    const isAfterModule =
      mapping.path === '' && previous?.end === mapping.begin && previous.path.startsWith('/')
    const path = isAfterModule ? previous.path : mapping.path
    if (path.startsWith('/') && !NAMELESS.test(withoutDeleted(path))) {
      const module = isAfterModule ? modules.at(index - 1, previous) : modules.at(index, mapping)
      const inFile = module.addressOf(address)
      const isOther = isAfterModule && module.isReadable && inFile === undefined
      const offset = address - module.mapping.begin + module.mapping.offset
      const { isExecutable } = mapping
      if (!isOther) return { kind: 'module', module, address: inFile, offset, isExecutable }
    }
    if (mapping.path === '[heap]') return { kind: 'memory', memory: 'heap' }
    return { kind: 'memory', memory: mapping.path.startsWith('[stack') ? 'stack' : 'anonymous' }
  }

  return {
    locate,
    homeOf(address) {
      const mapping = mappings[indexAt(mappings, address)]
      if (mapping?.isShared) {
        const offset = address - mapping.begin + mapping.offset
        return { key: `${mapping.file}+0x${offset.toString(16)}`, isShared: true }
      }
      const place = locate(address)
      if (place?.kind !== 'module') return undefined
      const path = withoutDeleted(place.module.mapping.path)
      return { key: `${path}+0x${place.offset.toString(16)}`, isShared: false }
    },
    prepare() {
      const index = mappings.findIndex(({ path }) => path === exe)
      const mapping = mappings[index]
      if (mapping) modules.at(index, mapping).findSymbol(0, 'object')
    },
    release: modules.release,
    mappingCount: mappings.length,
    close() {
      modules.release()
      process.close()
    },
  }
}

/** Index of the mapping that has the address; -1 where none has. @param mappings In the order of their addresses. */
function indexAt(mappings: readonly Mapping[], address: bigint): number {
  const index = firstEndingAfter(mappings, address)
  const found = mappings[index]
  return found && address >= found.begin ? index : -1
}
