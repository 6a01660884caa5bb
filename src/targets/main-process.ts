import type { ChangeEvent, ChangeTracker } from '../deploys/change-tracker.js'
import { dropOldest } from '../drop-oldest.js'
import type { ProcessIdentity } from '../process/identify.js'
import type { TargetHost } from './target.js'

/** Which process of a target is its main one. */
export interface MainProcess {
  /** Undefined before it is known. */
  identity(): ProcessIdentity | undefined
  /**
   * Finds out what starts and ends.
   *
   * @param members Processes of the target that the interval tells of.
   * @param nowSeconds After the epoch.
   */
  observe(
    members: readonly ProcessIdentity[],
    nowSeconds: number,
  ): { readonly event: ChangeEvent | undefined; readonly isAlive: boolean }
}

/** Members that may follow the main process when it ends. */
const MAX_KNOWN_MEMBERS = 256

/** @param name Of the target. */
export function createMainProcess(
  name: string,
  tracker: Pick<ChangeTracker, 'observe' | 'start'>,
  host: Pick<TargetHost, 'identify' | 'isAlive'>,
): MainProcess {
  let known = new Map<string, ProcessIdentity>()
  let main: ProcessIdentity | undefined

  /** The main process that an earlier run of the exporter knew, if it is still there. */
  function recall(): ProcessIdentity | undefined {
    const start = tracker.start()
    const identity = start && host.identify(start.pid)
    return identity?.key === start?.key && identity?.target === name ? identity : undefined
  }

  function findAlive(members: readonly ProcessIdentity[]): readonly ProcessIdentity[] {
    const current = main
    if (!current) return members
    if (host.isAlive(current)) {
      // What an ended process did may be told late: it was the main process before this one, and is no more.
      const isElder = (one: ProcessIdentity) => one.startTimestampSeconds < current.startTimestampSeconds
      return [current, ...members.filter((one) => !isElder(one) || host.isAlive(one))]
    }
    known = new Map([...known].filter(([, identity]) => host.isAlive(identity)))
    return [...known.values()]
  }

  return {
    identity: () => main,
    observe(members, nowSeconds) {
      for (const identity of members) known.set(identity.key, identity)
      dropOldest(known, MAX_KNOWN_MEMBERS)
      main ??= recall()
      const alive = findAlive(members)
      const event = tracker.observe(alive, nowSeconds)
      const start = tracker.start()
      main = alive.find(({ key }) => key === start?.key) ?? main
      return { event, isAlive: alive.length > 0 }
    },
  }
}
