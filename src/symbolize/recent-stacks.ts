import type { LockStack, UserStack } from '../parse/trace-interval.js'

/** Stacks of the last waits for each lock. */
export interface RecentStacks {
  /** Takes the stacks of an interval. */
  offer(stacks: readonly LockStack[], nowNs: bigint): void
  of(pid: number, address: bigint): readonly UserStack[]
  /** Lets those of a lock go that has its name. */
  drop(pid: number, address: bigint): void
}

/** Stacks that are kept of one lock. */
const MAX_STACKS = 6
/** Stacks of locks that nobody asks for are let go after this time. Nanoseconds. */
const LIFE_NS = 10_000_000_000n

export function createRecentStacks(): RecentStacks {
  /** In the order of their times. */
  const byLock = new Map<string, { readonly stacks: UserStack[]; readonly sinceNs: bigint }>()
  const keyOf = (pid: number, address: bigint) => `${pid}:${address}`

  return {
    offer(offered, nowNs) {
      for (const { pid, address, stack } of offered) {
        const known = byLock.get(keyOf(pid, address))
        if (!known) byLock.set(keyOf(pid, address), { stacks: [stack], sinceNs: nowNs })
        else if (known.stacks.length < MAX_STACKS) known.stacks.push(stack)
      }
      for (const [key, { sinceNs }] of byLock) {
        if (nowNs - sinceNs < LIFE_NS) break
        byLock.delete(key)
      }
    },
    of: (pid, address) => byLock.get(keyOf(pid, address))?.stacks ?? [],
    drop(pid, address) {
      byLock.delete(keyOf(pid, address))
    },
  }
}
