import { isThread, type ReadMemory, readWord, wordAt } from '../read-memory.js'
import { GIL_FIELDS, type GilLayout } from './gil-layout.js'

/**
 * - `confirmed`: it is a GIL, and the layout is the right one.
 * - `unconfirmed`: it may be one that nobody has held who is still there.
 * - `none`: it is not.
 */
export type GilCheck = 'confirmed' | 'unconfirmed' | 'none'

/** sys.setswitchinterval() takes seconds; usual are 5 ms. Microseconds. */
const MAX_INTERVAL = 10_000_000n
const HEAD_BYTES = 24

/**
 * Checks what may be a GIL: its switch interval, its state, and its last holder, which has to be a thread state of one of the
 * interpreters, with the descriptor of a thread.
 *
 * @param address Where a struct _gil_runtime_state may be.
 * @param interpreters Those that it is the GIL of.
 */
export function checkGil(
  address: bigint,
  interpreters: ReadonlySet<bigint>,
  { threadInterpreter, threadId }: GilLayout,
  read: ReadMemory,
): GilCheck {
  const head = address % 8n === 0n ? read(address, HEAD_BYTES) : undefined
  if (!head) return 'none'
  const interval = wordAt(head, GIL_FIELDS.interval)
  const lastHolder = wordAt(head, GIL_FIELDS.lastHolder)
  const locked = BigInt.asIntN(32, wordAt(head, GIL_FIELDS.locked))
  if (interval < 1n || interval > MAX_INTERVAL || locked < -1n || locked > 1n) return 'none'
  if (lastHolder === 0n || locked === -1n) return 'unconfirmed'
  const interpreter = readWord(read, lastHolder + BigInt(threadInterpreter))
  if (interpreter === undefined || !interpreters.has(interpreter)) return 'unconfirmed'
  const thread = readWord(read, lastHolder + BigInt(threadId))
  return thread !== undefined && isThread(read, thread) ? 'confirmed' : 'unconfirmed'
}
