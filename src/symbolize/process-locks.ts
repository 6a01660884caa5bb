import type { ReaderPlaces } from '../foreign/reader-process.js'
import type { Refusals } from '../foreign/refusal.js'
import type { LockNameRequest } from './lock-namer.js'
import { createModuleReader } from './module.js'
import { type LockName, nameLock } from './name-lock.js'
import { type ProcessView, readProcessView } from './process-view.js'
import { createSymbolStore, type SymbolStore } from './symbol-store.js'

/** Names the locks of all processes; one request after the other. */
export interface ProcessLocks {
  name(request: Omit<LockNameRequest, 'kind'>, nowMs: number): LockName | undefined
}

/** An address space is read again after this time: its text is long where a program maps many files. */
const VIEW_LIFE_MS = 2000
const MAX_VIEWS = 64
/** Mappings of all that are kept: the largest process that is read has as many. */
const MAX_KEPT_MAPPINGS = 65_536

export function createProcessLocks(
  { procfs, rootfs }: ReaderPlaces,
  refusals: Refusals,
  symbols: SymbolStore = createSymbolStore(),
): ProcessLocks {
  const reader = createModuleReader(rootfs, symbols)
  const views = new Map<number, { readonly view: ProcessView; readonly sinceMs: number }>()

  function drop(pid: number): void {
    views.get(pid)?.view.close()
    views.delete(pid)
  }

  function makeRoom(): void {
    let mappings = 0
    for (const { view } of views.values()) mappings += view.mappingCount
    for (const [pid, { view }] of views) {
      if (views.size <= MAX_VIEWS && mappings <= MAX_KEPT_MAPPINGS) break
      mappings -= view.mappingCount
      drop(pid)
    }
  }

  function read(pid: number, nowMs: number): ProcessView | undefined {
    drop(pid)
    const view = readProcessView(procfs, pid, reader, refusals)
    if (view) views.set(pid, { view, sinceMs: nowMs })
    return view
  }

  function nameIn(
    view: ProcessView | undefined,
    { address, stacks }: Omit<LockNameRequest, 'kind'>,
  ): LockName | undefined {
    try {
      if (address !== undefined) return view && nameLock(view, address, stacks)
      view?.prepare()
      return undefined
    } finally {
      view?.release()
    }
  }

  return {
    name(request, nowMs) {
      const known = request.address === undefined ? undefined : views.get(request.pid)
      const name = known && nowMs - known.sinceMs < VIEW_LIFE_MS ? nameIn(known.view, request) : undefined
      // Memory that was mapped since then.
      const found = name ?? nameIn(read(request.pid, nowMs), request)
      makeRoom()
      return found
    },
  }
}
