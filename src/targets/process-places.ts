import { dropOldest } from '../drop-oldest.js'
import type { ProcessIdentity } from '../process/identify.js'

/** The place of a process among those of its target. */
export interface ProcessPlace {
  /** Program and number: the same for a process and the one that takes its place. */
  readonly name: string
  /** Whether the process has ended: looks at most once in an interval. */
  hasEnded(): boolean
}

/** Numbers the processes of a target. */
export interface ProcessPlaces {
  /** The same object each time, as long as the process is remembered. */
  placeOf(identity: ProcessIdentity): ProcessPlace
  /** Another interval: what has ended by now makes room. */
  next(): void
  /** Whether processes ended lately that had been there for a moment only: others may have ended unseen. */
  hasShortLived(): boolean
}

/** A process that was there for fewer intervals lives for a moment, and so many later that is no longer lately. */
const MOMENT_INTERVALS = 60
/** Processes of a target that are remembered. */
const MAX_PROCESSES = 4096

interface Held extends ProcessPlace {
  readonly program: string
  readonly number: number
}

/**
 * Gives each process the lowest number that no other living process of the same program in its target has: workers that
 * take turns have the same one after the other, so that their locks continue each other, and those that live at the same
 * time never do.
 *
 * @param isAlive Whether the process runs now, and the same program.
 */
export function createProcessPlaces(isAlive: (identity: ProcessIdentity) => boolean): ProcessPlaces {
  /** Ended ones too: what they did may be told late. */
  const known = new Map<string, Held>()
  const living = new Map<string, Held>()
  /** Numbers of each program that living processes have. */
  const taken = new Map<string, Set<number>>()
  let turn = 0
  let sweptTurn = -1
  let shortLivedTurn = Number.NEGATIVE_INFINITY

  function free(key: string): void {
    const place = living.get(key)
    if (!place) return
    living.delete(key)
    const numbers = taken.get(place.program)
    numbers?.delete(place.number)
    if (numbers?.size === 0) taken.delete(place.program)
  }

  function sweep(): void {
    sweptTurn = turn
    for (const [key, place] of living) if (place.hasEnded()) free(key)
  }

  function take(identity: ProcessIdentity): Held {
    const program = identity.exe ?? identity.program
    const numbers = taken.get(program) ?? new Set()
    let number = 0
    while (numbers.has(number)) number += 1
    taken.set(program, numbers.add(number))
    let watched: ProcessIdentity | undefined = identity
    let lookedTurn = -1
    const bornTurn = turn
    return {
      program,
      number,
      name: `${program}#${number}`,
      hasEnded() {
        if (watched && lookedTurn !== turn && !isAlive(watched)) {
          watched = undefined
          if (turn - bornTurn < MOMENT_INTERVALS) shortLivedTurn = turn
        }
        lookedTurn = turn
        return watched === undefined
      },
    }
  }

  return {
    placeOf(identity) {
      const place = known.get(identity.key)
      if (place) return place
      if (sweptTurn !== turn) sweep()
      const taking = take(identity)
      living.set(identity.key, taking)
      known.set(identity.key, taking)
      for (const dropped of dropOldest(known, MAX_PROCESSES)) free(dropped)
      return taking
    },
    next() {
      turn += 1
    },
    hasShortLived: () => turn - shortLivedTurn < MOMENT_INTERVALS,
  }
}
