import type { MeasuredInterval } from '../join/interval.js'
import { type TargetInterval, toTargetInterval } from '../join/target-interval.js'
import type { ProcessIdentity } from '../process/identify.js'
import type { Groups } from './grouping.js'
import { createProcessPlaces } from './process-places.js'
import type { Member, TargetHost } from './target.js'

/** An interval as a target takes it. */
export type GroupedInterval = MeasuredInterval & Pick<Groups, 'lostSamples'>

/**
 * Makes the next interval of a target from what its members did.
 *
 * @param main Its main process: where it has no members, N is that of this one.
 */
export type MemberJoin = (
  members: readonly Member[],
  main: ProcessIdentity | undefined,
  interval: GroupedInterval,
) => TargetInterval

/**
 * Where processes of a target end before they are looked at, its CPU time is not known: it may have all the samples that
 * belong to nobody. Below this share of its own it is taken as known.
 */
const MAX_LOST_SHARE = 0.05

/** Creates the join of one target: it remembers which of its processes takes the place of which. */
export function createMemberJoin(
  host: Pick<TargetHost, 'isAlive' | 'presence' | 'lock' | 'allowance'>,
): MemberJoin {
  const places = createProcessPlaces(host)
  return (members, main, interval) => {
    const users = members.length > 0 ? members.map(({ identity }) => identity) : main ? [main] : []
    places.next()
    places.seat(members.flatMap(({ process, identity }) => (process.trace?.locks.length ? [identity] : [])))
    const placeOf = ({ identity }: Member) => places.placeOf(identity)
    const lockAt = (member: Member, address: bigint) => host.lock(member.identity, address, placeOf(member))
    const processOf = (member: Member) => placeOf(member).name
    const whole = toTargetInterval(members, lockAt, interval.node, host.allowance(users, interval), processOf)
    const isPartial =
      places.hasShortLived() &&
      interval.lostSamples > MAX_LOST_SHARE * (whole.cpuSamples + interval.lostSamples)
    return isPartial ? { ...whole, cpuSeconds: undefined } : whole
  }
}
