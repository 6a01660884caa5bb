import type { Keep } from '../bench/truth/children.js'
import type { Exporter } from '../e2e/support/exporter.js'
import type { Scrape } from '../e2e/support/exposition.js'
import type { Child } from '../e2e/support/process.js'

/** What a fault has at hand. */
export interface Scene {
  readonly exporter: Exporter
  /** Process of the witness: a service whose p is known. */
  readonly witness: number
  /** Its own, empty at first. */
  readonly folder: string
  readonly keep: Keep
  /** How long it is to go on. Seconds. */
  readonly seconds: number
}

/** Something that goes wrong beside, below or within the exporter. */
export interface Fault {
  /** Selects it; without spaces. */
  readonly name: string
  /** What is done, in one line. */
  readonly title: string
  /** Starts the exporter in another way than by itself. @param args Of the exporter. */
  readonly start?: (folder: string, args: readonly string[], keep: Keep) => Promise<Child>
  readonly args?: (folder: string) => readonly string[]
  /** Does it. @returns How often, or how much. */
  readonly inflict: (scene: Scene) => Promise<number>
  /** The exporter cannot know p meanwhile: that it says nothing of the witness is right, until it is over. */
  readonly isBlinding?: boolean
  /** The exporter can never know p, since it lasts as long as itself: whether it says so, and why. */
  readonly isExplained?: (scrape: Scrape) => boolean
  /** It does not survive this, and leaves nothing behind. */
  readonly isFatal?: boolean
}
