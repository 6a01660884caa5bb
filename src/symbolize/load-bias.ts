import type { Segment } from '../parse/elf.js'
import type { Mapping } from '../parse/proc-maps.js'

/** Smallest page of the machines that Linux runs on: what is mapped begins at a page. */
const PAGE_BYTES = 4096

/**
 * How far the addresses of a program or library in a process are from those in the file's own numbering.
 *
 * @param loads Segments of the type PT_LOAD.
 * @param mapping Of the beginning of one of them.
 * @returns Undefined where no segment begins there.
 */
export function loadBiasOf(loads: readonly Segment[], mapping: Mapping): bigint | undefined {
  const anchor = loads.find(({ offset }) => BigInt(pageOf(offset)) === mapping.offset)
  return anchor && mapping.begin - BigInt(pageOf(anchor.address))
}

/** First address of the page that has this one. */
export function pageOf(address: number): number {
  return address - (address % PAGE_BYTES)
}
