import type { LockNameRequest, LockNamerPlaces } from './lock-namer.js'
import { createModuleReader } from './module.js'
import { type LockName, nameLock } from './name-lock.js'
import { type ProcessView, readProcessView } from './process-view.js'
import { createSymbolStore, type SymbolStore } from './symbol-store.js'

/** Names the locks of all processes; one request after the other. */
export interface ProcessLocks {
  name(request: LockNameRequest, nowMs: number): LockName | undefined
}

/** An address space is read again after this time: its text is long where a program maps many files. */
const VIEW_LIFE_MS = 2000
const MAX_VIEWS = 64

export function createProcessLocks(
  { procfs, rootfs }: LockNamerPlaces,
  symbols: SymbolStore = createSymbolStore(),
): ProcessLocks {
  const reader = createModuleReader(rootfs, symbols)
  const views = new Map<number, { readonly view: ProcessView; readonly sinceMs: number }>()

  function read(pid: number, nowMs: number): ProcessView | undefined {
    const view = readProcessView(procfs, pid, reader)
    if (views.size >= MAX_VIEWS) views.clear()
    if (view) views.set(pid, { view, sinceMs: nowMs })
    else views.delete(pid)
    return view
  }

  function nameIn(view: ProcessView | undefined, { address, stacks }: LockNameRequest): LockName | undefined {
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
      return name ?? nameIn(read(request.pid, nowMs), request)
    },
  }
}
