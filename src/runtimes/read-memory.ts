/** Reads the memory of a process: all of the bytes, or undefined where some cannot be read. It never throws. */
export type ReadMemory = (address: bigint, bytes: number) => Uint8Array | undefined

const WORD_BYTES = 8

/** A pointer or an unsigned long; undefined where it cannot be read. */
export function readWord(read: ReadMemory, address: bigint): bigint | undefined {
  const bytes = read(address, WORD_BYTES)
  return bytes && wordAt(bytes, 0)
}

/** The same in bytes that were read, at a place that lies within them. */
export function wordAt(bytes: Uint8Array, at: number): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(at, true)
}

/** Of a thread descriptor. */
const DESCRIPTOR_BYTES = 24
/** From the thread descriptor to its pointer to itself: glibc (tcbhead_t, sysdeps/x86_64/nptl/tls.h), musl (struct pthread). */
const SELF_OFFSETS = [16, 0]

/** Whether there is the descriptor of a thread, which pthread_self() gives. */
export function isThread(read: ReadMemory, address: bigint): boolean {
  const descriptor = read(address, DESCRIPTOR_BYTES)
  return descriptor !== undefined && SELF_OFFSETS.some((offset) => wordAt(descriptor, offset) === address)
}
