import { type ReadMemory, readWord, wordAt } from '../read-memory.js'
import { readSemaphores } from './semtable.js'

/** A mutex of Go that goroutines wait for. */
export interface ContendedMutex {
  /** Of its state, which says by bit 0 whether it is held, and from bit 3 on how many wait (sync/mutex.go). */
  readonly address: bigint
  /** Goroutines that wait. Count, ≥ 1. */
  readonly waiters: number
  /** Where one of them waits: return addresses into functions, the innermost first. */
  readonly callers: readonly bigint[]
}

/** The semaphore of a mutex follows its state. Bytes. */
const SEMAPHORE_AT = 4n
const WAITERS_SHIFT = 3n
/** In a goroutine: its frame pointer as it was when it began to wait (runtime/runtime2.go, g.sched.bp), by version. Bytes. */
const FRAME_POINTER_AT = [104n, 96n] as const
/** Frames of one goroutine: those of the runtime and of `sync` are 5 to 7. */
const MAX_FRAMES = 16
/** Fewer are no stack of one that waits for a mutex. */
const MIN_FRAMES = 3

/** Where goroutines wait for mutexes. @returns Undefined where the table cannot be read. */
export function readContendedMutexes(
  semtable: bigint,
  read: ReadMemory,
  isCode: (address: bigint) => boolean,
): readonly ContendedMutex[] | undefined {
  return readSemaphores(semtable, read)?.flatMap(({ address: word, goroutine }) => {
    const address = word - SEMAPHORE_AT
    const state = readWord(read, address) ?? 0n
    const waiters = Number((state & 0xffffffffn) >> WAITERS_SHIFT)
    const callers = readCallers(goroutine, read, isCode)
    return waiters > 0 && callers.length > 0 ? [{ address, waiters, callers }] : []
  })
}

function readCallers(
  goroutine: bigint,
  read: ReadMemory,
  isCode: (address: bigint) => boolean,
): readonly bigint[] {
  for (const at of FRAME_POINTER_AT) {
    const callers: bigint[] = []
    let frame = readWord(read, goroutine + at)
    while (frame !== undefined && frame !== 0n && callers.length < MAX_FRAMES) {
      const words = read(frame, 16)
      const caller = words && wordAt(words, 8)
      if (!words || caller === undefined || !isCode(caller)) break
      callers.push(caller)
      frame = wordAt(words, 0)
    }
    if (callers.length >= MIN_FRAMES) return callers
  }
  return []
}

const LOCKING = /^(?:internal\/)?sync\.\(\*Mutex\)\.lockSlow$/
/** Functions that lead to the wait, and say nothing of who waits. */
const OF_LIBRARY = /^(?:internal\/)?(?:sync|runtime)\./

/**
 * The one of the functions that wants the mutex: the first outside the library.
 *
 * @param names Of functions, the innermost first; undefined where there is none.
 * @returns Undefined where they do not wait for a mutex, but for something else that has a semaphore.
 */
export function placeOfCaller(names: readonly (string | undefined)[]): number | undefined {
  const locking = names.findIndex((name) => name !== undefined && LOCKING.test(name))
  if (locking < 0) return undefined
  const place = names.findIndex(
    (name, index) => index > locking && name !== undefined && !OF_LIBRARY.test(name),
  )
  return place < 0 ? undefined : place
}
