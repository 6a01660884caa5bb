import type { ForeignProcess } from '../foreign/foreign-process.js'
import type { Mapping } from '../parse/proc-maps.js'
import type { Module, ModuleReader } from './module.js'

/** The program and the libraries that a process has mapped. */
export interface MappedModules {
  /** The module that the mapping at `index` is a part of. It begins where the first byte of its file is mapped. */
  at(index: number, part: Mapping): Module
  /** Closes the files. */
  release(): void
}

/** How often one file is loaded, as far as it is looked at: once, or once for each namespace of dlmopen(3). */
const MAX_LOADS = 16

/** @param exe Path of the program, as it is in the mappings. */
export function createMappedModules(
  process: ForeignProcess,
  mappings: readonly Mapping[],
  exe: string,
  reader: ModuleReader,
): MappedModules {
  const loaded = new Map<bigint, Module>()
  const modules = new Map<number, Module>()

  function moduleFrom(mapping: Mapping): Module {
    let module = loaded.get(mapping.begin)
    if (!module) {
      module = reader.create({ process, mapping, isMain: mapping.path === exe })
      loaded.set(mapping.begin, module)
    }
    return module
  }

  return {
    at(index, part) {
      const known = modules.get(index)
      if (known) return known
      const begins = mappings.filter(
        ({ path, offset }, i) => i <= index && path === part.path && offset === 0n,
      )
      const first = mappings.find(({ path }) => path === part.path) ?? part
      const candidates = begins.slice(0, MAX_LOADS).map(moduleFrom)
      const module =
        candidates.find((candidate) => candidate.holds(part)) ?? candidates[0] ?? moduleFrom(first)
      modules.set(index, module)
      return module
    },
    release() {
      for (const module of loaded.values()) module.release()
    },
  }
}
