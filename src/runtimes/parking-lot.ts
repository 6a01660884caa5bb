import type { RuntimeFiles } from './runtime.js'

/** The locks of the crate parking_lot, as far as messages of panics name a source of it. */
export const PARKING_LOT: RuntimeFiles = {
  name: 'parking_lot',
  recognition: {
    constant: {
      texts: ['parking_lot_core-', 'parking-lot-core-'],
      pattern: /parking[-_]lot[-_]core-(?<version>\d+\.\d+\.\d+)/,
    },
  },
  locks: ['parking-lot'],
  untraced: 'hidden-locks',
}
