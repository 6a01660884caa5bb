/**
 * What lies around the GVL of a version of Ruby: offsets in bytes from the word that points to its holder, on x86-64
 * (thread_pthread.h, struct rb_global_vm_lock_struct up to 3.1 and struct rb_thread_sched from 3.2 on; ractor_core.h).
 */
export interface GvlLayout {
  /** Head of the list of threads that wait for it. */
  readonly waiting: number
  /** In the ractor's `threads`: pointer to its main thread. */
  readonly mainThread: number
  /** Whether a thread leads to its id by way of a native thread; else it has it itself. */
  readonly hasNativeThread: boolean
}

/** In rb_vm_t: vm_core.h. Offsets in bytes. */
export const VM_FIELDS = { ractorCount: 24, mainRactor: 32, mainThread: 40 } as const
/** In rb_thread_t; the pointer to its machine follows that to its ractor. Offsets in bytes. */
export const THREAD_FIELDS = { ractor: 24, nativeThread: 40 } as const
/** Of a ractor, and of a thread, from the begin on: as far as they are looked at. */
export const RACTOR_BYTES = 1024
export const THREAD_BYTES = 256

const BEFORE_3_2: GvlLayout = { waiting: 48, mainThread: 192, hasNativeThread: false }
const SINCE_3_3: GvlLayout = { waiting: 16, mainThread: 64, hasNativeThread: true }

const LAYOUTS: Readonly<Record<string, GvlLayout>> = {
  '3.0': BEFORE_3_2,
  '3.1': BEFORE_3_2,
  '3.2': { ...BEFORE_3_2, hasNativeThread: true },
  '3.3': SINCE_3_3,
  '3.4': SINCE_3_3,
}

/** @param version `3.1`. */
export function layoutOf(version: string): GvlLayout | undefined {
  return LAYOUTS[version]
}
