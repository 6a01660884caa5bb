import { dropOldest } from '../drop-oldest.js'
import type { ProcessIdentity } from '../process/identify.js'
import type { TargetHost } from './target.js'

/** The place of a process among those of its target. */
export interface ProcessPlace {
  /** Program and number: the same for a process and the one that takes its place. */
  readonly name: string
  /** Whether the process has ended: looks at most once in an interval. */
  hasEnded(): boolean
}

/** Numbers the processes of a target. */
export interface ProcessPlaces {
  /** Another interval. */
  next(): void
  /** Gives places to processes that have none, in the order in which they started. */
  seat(identities: readonly ProcessIdentity[]): void
  /** The same object each time, as long as the process is remembered. */
  placeOf(identity: ProcessIdentity): ProcessPlace
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
  /** Whether it was there together with another one. */
  meets(other: ProcessIdentity): boolean
}

/**
 * Gives each process the lowest number that no process of the same program in its target has that was there together with
 * it: workers that take turns have the same one after the other, so that their locks continue each other, and those that
 * live at the same time never do.
 */
export function createProcessPlaces({
  isAlive,
  presence = () => undefined,
}: Pick<TargetHost, 'isAlive' | 'presence'>): ProcessPlaces {
  /** Ended ones too: what they did may be told late. */
  const known = new Map<string, Held>()
  /** By program: the last one of each number. */
  const seats = new Map<string, Held[]>()
  let turn = 0
  let shortLivedTurn = Number.NEGATIVE_INFINITY

  function hold(identity: ProcessIdentity, program: string, number: number): Held {
    let watched: ProcessIdentity | undefined = identity
    let lookedTurn = -1
    const bornTurn = turn
    const present = presence(identity)

    function hasEnded(): boolean {
      if (watched && lookedTurn !== turn && !isAlive(watched)) {
        watched = undefined
        if (turn - bornTurn < MOMENT_INTERVALS) shortLivedTurn = turn
      }
      lookedTurn = turn
      return watched === undefined
    }

    return {
      program,
      number,
      name: `${program}#${number}`,
      hasEnded,
      meets(other) {
        const its = presence(other)
        return !hasEnded() || (present !== undefined && its !== undefined && present.last >= its.first)
      },
    }
  }

  function take(identity: ProcessIdentity): Held {
    const program = identity.exe ?? identity.program
    const held = seats.get(program) ?? []
    seats.delete(program)
    seats.set(program, held)
    const free = held.findIndex((seat) => !seat.meets(identity))
    const number = free >= 0 ? free : held.length
    const place = hold(identity, program, number)
    held[number] = place
    // The last numbers, where nobody has them any more.
    while (held.length > number + 1 && held.at(-1)?.hasEnded()) held.pop()
    return place
  }

  function placeOf(identity: ProcessIdentity): Held {
    const place = known.get(identity.key)
    if (place) return place
    const taken = take(identity)
    known.set(identity.key, taken)
    dropOldest(known, MAX_PROCESSES)
    dropOldest(seats, MAX_PROCESSES)
    return taken
  }

  return {
    next() {
      turn += 1
    },
    seat(identities) {
      const byStart = [...identities].sort((a, b) => a.startTimestampSeconds - b.startTimestampSeconds)
      for (const identity of byStart) placeOf(identity)
    },
    placeOf,
    hasShortLived: () => turn - shortLivedTurn < MOMENT_INTERVALS,
  }
}
