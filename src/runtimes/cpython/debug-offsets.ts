import { wordAt } from '../read-memory.js'
import { GIL_FIELDS, type GilLayout } from './gil-layout.js'
import { versionOfHex } from './python-version.js'

/** `_Py_DebugOffsets`, with which `_PyRuntime` begins since 3.13, for programs that look from outside. */
export interface DebugOffsets {
  /** Undefined where it is none of Python 3. */
  readonly version: string | undefined
  /** Whether the interpreter was built without a GIL: Py_GIL_DISABLED. */
  readonly isFreeThreaded: boolean
  /** Undefined where the version is not known, or the offsets are none of that version's. */
  readonly layout: GilLayout | undefined
}

/** Places of what is needed, in words of 8 bytes. */
interface Words {
  readonly cevalGil: number
  /** From PyInterpreterState: its own struct _gil_runtime_state, and two fields of that. */
  readonly gil: number
  readonly locked: number
  readonly lastHolder: number
  readonly threadInterpreter: number
  readonly threadId: number
}

/** `xdebugpy` (pycore_debug_offsets.h; in 3.13 pycore_runtime.h). */
const COOKIE = 0x7970677562656478n
const VERSION = 1
const FREE_THREADED = 2
const INTERPRETERS_HEAD = 5
const NEXT_INTERPRETER = 8
/** From the same headers, of 3.13.0, 3.13.5, 3.13.18 and 3.14.8. */
const WORDS: Readonly<Record<string, Words>> = {
  '3.13': { cevalGil: 14, gil: 15, locked: 17, lastHolder: 18, threadInterpreter: 22, threadId: 24 },
  '3.14': { cevalGil: 15, gil: 16, locked: 18, lastHolder: 19, threadInterpreter: 25, threadId: 27 },
}

/** As much of it as is needed. */
export const DEBUG_OFFSETS_BYTES = 28 * 8
/** In PyInterpreterState, which has 200 to 400 KB, and in `_PyRuntime`, which has one in it. Bytes. */
const MAX_OFFSET = 0x100000n
/** Within PyThreadState, which is what a tracer can be told: see FoundInterpreterLock. Bytes. */
const MAX_THREAD_ID = 0x1000n

/**
 * Parses the first bytes of `_PyRuntime`.
 *
 * @param bytes At least {@link DEBUG_OFFSETS_BYTES}.
 * @returns Undefined where it does not begin so: before 3.13.
 */
export function parseDebugOffsets(bytes: Uint8Array): DebugOffsets | undefined {
  const word = (index: number) => wordAt(bytes, index * 8)
  if (bytes.length < DEBUG_OFFSETS_BYTES || word(0) !== COOKIE) return undefined
  const version = versionOfHex(word(VERSION))
  const words = version === undefined ? undefined : WORDS[version]
  return { version, isFreeThreaded: word(FREE_THREADED) !== 0n, layout: words && layoutOf(words, word) }
}

function layoutOf(words: Words, word: (index: number) => bigint): GilLayout | undefined {
  const places = [
    INTERPRETERS_HEAD,
    NEXT_INTERPRETER,
    words.cevalGil,
    words.threadInterpreter,
    words.threadId,
  ]
  const isSound = places.every((index) => word(index) < MAX_OFFSET && word(index) % 8n === 0n)
  const gil = word(words.gil)
  const hasKnownFields =
    word(words.lastHolder) - gil === BigInt(GIL_FIELDS.lastHolder) &&
    word(words.locked) - gil === BigInt(GIL_FIELDS.locked)
  if (!isSound || !hasKnownFields || word(words.threadId) >= MAX_THREAD_ID) return undefined
  const offset = (index: number) => Number(word(index))
  return {
    interpretersHead: offset(INTERPRETERS_HEAD),
    nextInterpreter: offset(NEXT_INTERPRETER),
    gil: { in: 'interpreter', offset: offset(words.cevalGil) },
    threadInterpreter: offset(words.threadInterpreter),
    threadId: offset(words.threadId),
  }
}
