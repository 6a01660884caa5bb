import { once } from 'node:events'
import type { StandInBackend } from './backend.js'

/** Its name. */
export const NO_TRACER = 'none'

/**
 * The back end for machines without a tracer: its intervals have borders and nothing else, so that the rest of the
 * exporter answers from /proc what /proc tells.
 *
 * @param monotonicNs CLOCK_MONOTONIC. Nanoseconds.
 */
export function createNoneBackend(monotonicNs: () => bigint): StandInBackend {
  return {
    name: NO_TRACER,
    check: async () => ({ version: '' }),
    async run({ intervalSeconds }, onInterval, signal) {
      let beginNs = monotonicNs()
      const timer = setInterval(() => {
        const endNs = monotonicNs()
        const borders = { beginNs, endNs }
        beginNs = endNs
        onInterval({ ...borders, lostEvents: 0, isUntraced: true, processes: new Map(), stacks: [] })
      }, intervalSeconds * 1000)
      if (!signal.aborted) await once(signal, 'abort')
      clearInterval(timer)
    },
  }
}
