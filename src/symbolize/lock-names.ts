import { dropOldest } from '../drop-oldest.js'
import type { LockReference } from '../join/target-interval.js'
import type { LockStack, UserStack } from '../parse/trace-interval.js'
import type { LockNamer } from './lock-namer.js'

export interface LockNames {
  /** Takes the stacks of an interval; those of locks that are asked for later are kept for a while. */
  offer(stacks: readonly LockStack[], nowNs: bigint): void
  /** The same object each time, as long as the process is known. */
  refer(
    process: { readonly pid: number; readonly key: string },
    address: bigint,
    nowNs: bigint,
  ): LockReference
}

/** A lock that could be named by what is known of it. */
export const UNKNOWN_LOCK = 'unknown'

/** Locks of one process before their names are found out again: heap locks come and go. */
const MAX_LOCKS = 4096
/** Stacks that are kept of one lock. */
const MAX_STACKS = 6
/** Stacks of locks that nobody asks for are let go after this time. */
const STACK_LIFE_NS = 10_000_000_000n
/** A lock that only its memory would name waits so long for a stack. */
const PATIENCE_NS = 8_000_000_000n
/** Between two questions for one lock. */
const RETRY_NS = 2_000_000_000n
/** Processes whose names are kept. */
const MAX_PROCESSES = 4096

interface Entry extends LockReference {
  label: string | undefined
  readonly sinceNs: bigint
  askedNs: bigint
  isAsking: boolean
}

/** Creates the names. They are asked of `namer`, which has a thread of its own, once for each lock. */
export function createLockNames(namer: LockNamer): LockNames {
  const processes = new Map<string, Map<bigint, Entry>>()
  const stacks = new Map<string, { readonly stacks: UserStack[]; readonly sinceNs: bigint }>()

  async function ask(entry: Entry, pid: number, address: bigint, nowNs: bigint): Promise<void> {
    const stackKey = `${pid}:${address}`
    entry.askedNs = nowNs
    entry.isAsking = true
    const answer = await namer.name({ pid, address, stacks: stacks.get(stackKey)?.stacks ?? [] })
    entry.isAsking = false
    const isPatient = nowNs - entry.sinceNs < PATIENCE_NS
    if (answer !== undefined && (answer.kind !== 'memory' || !isPatient)) entry.label = answer.name
    else if (!isPatient) entry.label = UNKNOWN_LOCK
    if (entry.label !== undefined) stacks.delete(stackKey)
  }

  return {
    offer(offered, nowNs) {
      for (const { pid, address, stack } of offered) {
        const key = `${pid}:${address}`
        const known = stacks.get(key)
        if (!known) stacks.set(key, { stacks: [stack], sinceNs: nowNs })
        else if (known.stacks.length < MAX_STACKS) known.stacks.push(stack)
      }
      for (const [key, { sinceNs }] of stacks) {
        if (nowNs - sinceNs < STACK_LIFE_NS) break
        stacks.delete(key)
      }
    },
    refer(process, address, nowNs) {
      let entries = processes.get(process.key)
      if (!entries) {
        entries = new Map()
        processes.set(process.key, entries)
        dropOldest(processes, MAX_PROCESSES)
      }
      let entry = entries.get(address)
      if (!entry) {
        if (entries.size >= MAX_LOCKS) entries.clear()
        const key = `${process.key}:${address}`
        entry = { key, label: undefined, sinceNs: nowNs, askedNs: nowNs - RETRY_NS, isAsking: false }
        entries.set(address, entry)
      }
      if (entry.label === undefined && !entry.isAsking && nowNs - entry.askedNs >= RETRY_NS) {
        void ask(entry, process.pid, address, nowNs)
      }
      return entry
    },
  }
}
