import type { Mapping } from '../parse/proc-maps.js'
import type { ProcessIdentity } from './ledger.js'
import { nameLock } from './lock-name.js'
import { detectRuntime } from './runtime.js'

/** Facts about processes, as /proc gives them. */
export interface ProcessSource {
  find(pid: number):
    | {
        readonly stat: { readonly pid: number; readonly comm: string; readonly startSeconds: number }
        readonly exe: string | undefined
        mappings(): readonly Mapping[]
        refreshMappings(): void
      }
    | undefined
}

export interface Identifier {
  /** Undefined where the process ended before it was looked at. */
  identify(pid: number): ProcessIdentity | undefined
}

/** Locks named in one process before its names are worked out again: heap locks come and go. */
const MAX_NAMES = 4096

/** Looks each process up once per exec, and names each of its locks once. */
export function createIdentifier(processes: ProcessSource, bootTimestampSeconds: number): Identifier {
  const identities = new WeakMap<object, ProcessIdentity>()

  function create(facts: NonNullable<ReturnType<ProcessSource['find']>>): ProcessIdentity {
    const names = new Map<bigint, string>()
    const runtime = detectRuntime(facts.mappings())
    return {
      comm: facts.stat.comm,
      exe: facts.exe,
      startTimestampSeconds: bootTimestampSeconds + facts.stat.startSeconds,
      runtime,
      key: `${facts.stat.pid}@${facts.stat.startSeconds}`,
      nameLock(address) {
        const known = names.get(address)
        if (known !== undefined) return known
        let name = nameLock(facts.mappings(), address)
        if (name === undefined) {
          facts.refreshMappings()
          name = nameLock(facts.mappings(), address) ?? 'anonymous'
        }
        if (names.size >= MAX_NAMES) names.clear()
        names.set(address, name)
        return name
      },
    }
  }

  return {
    identify(pid) {
      const facts = processes.find(pid)
      if (!facts) return undefined
      let identity = identities.get(facts)
      if (!identity) {
        identity = create(facts)
        identities.set(facts, identity)
      }
      return identity
    },
  }
}
