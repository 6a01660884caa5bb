import type { NamedBy } from '../config/named-by.js'
import type { TargetRule } from '../config/target-rule.js'
import { dropOldest } from '../drop-oldest.js'
import type { Unanswered } from '../foreign/reader-process.js'
import { type CgroupIdentity, type CgroupPaths, identifyCgroup } from '../parse/cgroup.js'
import { type FoundRuntime, recogniseRuntimes } from '../runtimes/recognise.js'
import { NO_MARKS } from '../runtimes/runtime.js'
import { defaultName } from './default-name.js'
import { fileOrCommand } from './executable-name.js'
import { lineageOf } from './lineage.js'
import { findMatchingRule } from './matching-rule.js'
import type { ProcessFacts } from './process-directory.js'
import type { ProcessSource } from './process-source.js'
import type { Start } from './release.js'
import { createTargetNames, type DefaultName } from './target-name.js'
import { findVersion } from './version.js'

/** What is known of a process: found out once per exec. */
export interface ProcessIdentity extends Start {
  /** Name of the target it belongs to; undefined: it makes none. */
  readonly target: string | undefined
  readonly namedBy: NamedBy
  /** Whether an ordinary user may have chosen the name of the target. */
  readonly isUserNamed: boolean
  readonly exe: string | undefined
  /** What it runs on. */
  readonly runtimes: readonly FoundRuntime[]
  readonly cgroup: CgroupPaths | undefined
  readonly systemdUnit: string | undefined
  /** Undefined too where a user's own manager holds the cgroup, who may give it any name. */
  readonly containerId: string | undefined
  readonly podUid: string | undefined
  readonly facts: ProcessFacts
}

/** When the machine started. */
export interface Boot {
  /** Seconds after the epoch. */
  readonly timestampSeconds: number
  /** Another one at each boot. */
  readonly id: string
}

/** How processes are grouped into targets. */
export interface NamingRules {
  /** The first rule that a process matches names its target. */
  readonly targets: readonly TargetRule[]
  /** Whether what no rule names makes no target. */
  readonly rulesOnly: boolean
}

export interface Identifier {
  /** Undefined where the process ended before it was looked at, or was not looked at yet: see isPending. */
  identify(pid: number): ProcessIdentity | undefined
  /** Whether the process is there, and will be identified later. */
  isPending(pid: number): boolean
  /** Looks at those that are not identified. Resolves when all are, or have ended, or could not be looked at. */
  prepare(pids: readonly number[]): Promise<void>
  /** Takes other rules: every process is looked at once more. Resolves as prepare does. */
  use(rules: NamingRules): Promise<void>
}

/** Tells a program in a process from any other, also after a restart of the exporter. */
export function keyOf(boot: Boot, { stat: { pid, startSeconds, layout } }: ProcessFacts): string {
  return `${boot.id}:${pid}@${startSeconds}:${layout}`
}

/** Processes that are looked at once more when the rules change. */
const MAX_REMEMBERED = 4096
/** A process whose files did not answer is looked at again after this time, then after twice as long. Nanoseconds. */
const RETRY_NS = 60_000_000_000n
const MAX_RETRY_NS = 3_600_000_000_000n
/** Where nobody has looked, since files of its owner did not answer. Nanoseconds. */
const SOON_NS = 10_000_000_000n

/** What is known of one program in one process. */
interface Known {
  /** Undefined: it has ended before it could be looked at, or nobody has looked yet. */
  identity: ProcessIdentity | undefined
  /** What it is called after; undefined where a rule names it. */
  name: DefaultName | undefined
  hasEnded: boolean
  /** While it is looked at. */
  looking: Promise<void> | undefined
  /** When to look again, since its files did not answer; and how long that was put off. Nanoseconds. */
  retryNs: bigint | undefined
  pauseNs: bigint | undefined
}

/**
 * Finds the target of each process: by the first rule whose conditions all hold; else its container, else its systemd
 * unit, else its program (see default-name.ts).
 *
 * @param own The exporter's own cgroup: what runs in the same unit or container is told apart by its program.
 * @param monotonicNs CLOCK_MONOTONIC. Nanoseconds.
 */
export function createIdentifier(
  source: ProcessSource,
  rules: NamingRules,
  own: CgroupIdentity | undefined,
  boot: Boot,
  monotonicNs: () => bigint,
): Identifier {
  let active = rules
  const names = createTargetNames((name) => active.targets.some((rule) => rule.name === name))
  let known = new WeakMap<ProcessFacts, Known>()
  /** The last one last. */
  const pids = new Set<number>()

  function knownOf(facts: ProcessFacts): Known {
    let one = known.get(facts)
    if (!one) {
      one = {
        identity: undefined,
        name: undefined,
        hasEnded: false,
        looking: undefined,
        retryNs: undefined,
        pauseNs: undefined,
      }
      known.set(facts, one)
    }
    return one
  }

  async function look(facts: ProcessFacts, one: Known): Promise<void> {
    const { pid } = facts.stat
    const asked = active
    const failures = source.failures()
    const cgroup = source.cgroup(pid)
    const place = cgroup && identifyCgroup(cgroup)
    const isOfMachine = place?.containerId !== undefined && place.containerOwner === undefined
    const isOfUser = place?.containerOwner?.startsWith('user@') ?? false
    const containerId = isOfMachine ? place.containerId : undefined
    const looked = await source.look(pid, containerId, lineageOf(facts, source.find))
    if (looked === 'busy') return
    if (looked === 'gone') {
      one.hasEnded = one.identity === undefined
      return
    }
    const found = typeof looked === 'string' ? undefined : looked
    const { container, commandLine, program } = found ?? {}
    const process = { facts, place, container, commandLine, program }
    const rule = findMatchingRule(asked.targets, process, source)
    // By what could not be read it might be another's: it is looked at once more.
    if (source.failures() !== failures) return
    const { startSeconds } = facts.stat
    const version = rule?.version && found ? await findVersion(rule.version, process, source) : undefined
    one.name = rule ? undefined : defaultName(process, own)
    if (one.name) names.claim(one.name)
    one.identity = {
      pid,
      key: keyOf(boot, facts),
      target: rule ? rule.name : one.name && nameOf(one.name),
      namedBy: one.name?.namedBy ?? 'rule',
      isUserNamed: one.name?.isUserNamed ?? false,
      program: fileOrCommand(facts),
      exe: facts.exe,
      executable: found?.executable,
      version: typeof version === 'object' ? version.answer : one.identity?.version,
      startTimestampSeconds: boot.timestampSeconds + startSeconds,
      runtimes: recogniseRuntimes(found?.runtimeFiles, found?.marks ?? NO_MARKS),
      cgroup,
      systemdUnit: place?.systemdUnit,
      containerId: isOfUser ? undefined : place?.containerId,
      podUid: isOfUser ? undefined : place?.podUid,
      facts,
    }
    lookLater(one, typeof looked === 'string' ? looked : typeof version === 'string' ? version : undefined)
  }

  /** @param problem Why not all is known that there may be. */
  function lookLater(one: Known, problem: Unanswered | undefined): void {
    if (problem === 'failed') {
      const twiceNs = 2n * (one.pauseNs ?? RETRY_NS / 2n)
      one.pauseNs = twiceNs < MAX_RETRY_NS ? twiceNs : MAX_RETRY_NS
    } else if (problem === undefined) one.pauseNs = undefined
    const waitNs = problem === undefined || problem === 'failed' ? one.pauseNs : SOON_NS
    one.retryNs = waitNs === undefined ? undefined : monotonicNs() + waitNs
  }

  /** Looks at it, if that is to be done. @returns when that is done; undefined where nothing waits for it. */
  function prepareOne(pid: number): Promise<void> | undefined {
    const facts = source.find(pid)
    if (!facts || facts === 'unreadable') return undefined
    const one = knownOf(facts)
    const isRetry = one.retryNs !== undefined && monotonicNs() >= one.retryNs
    if (one.hasEnded || (one.identity && !isRetry)) return undefined
    pids.delete(pid)
    pids.add(pid)
    dropOldest(pids, MAX_REMEMBERED)
    one.looking ??= look(facts, one).finally(() => {
      one.looking = undefined
    })
    // What is known already need not be waited for.
    return one.identity ? undefined : one.looking
  }

  async function prepare(wanted: Iterable<number>): Promise<void> {
    await Promise.all([...wanted].flatMap((pid) => prepareOne(pid) ?? []))
  }

  function nameOf(name: DefaultName): string | undefined {
    return active.rulesOnly ? undefined : names.of(name)
  }

  return {
    prepare,
    identify(pid) {
      const facts = source.find(pid)
      if (!facts || facts === 'unreadable') return undefined
      const one = knownOf(facts)
      if (!one.identity) void prepareOne(pid)
      // A container that was seen since may have taken its name.
      const target = one.name && nameOf(one.name)
      if (one.identity && one.name && one.identity.target !== target)
        one.identity = { ...one.identity, target }
      return one.identity
    },
    isPending(pid) {
      const facts = source.find(pid)
      if (!facts || facts === 'unreadable') return facts !== undefined
      const { identity, hasEnded } = knownOf(facts)
      return !identity && !hasEnded
    },
    use(rules) {
      active = rules
      known = new WeakMap()
      return prepare([...pids])
    },
  }
}
