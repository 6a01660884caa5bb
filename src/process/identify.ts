import { posix } from 'node:path'
import type { NamedBy } from '../config/named-by.js'
import type { TargetRule } from '../config/target-rule.js'
import { type CgroupIdentity, type CgroupPaths, identifyCgroup } from '../parse/cgroup.js'
import { withoutDeleted } from '../parse/proc-maps.js'
import type { Runtime } from '../runtimes/runtime.js'
import { detectRuntime } from '../runtimes/runtime-table.js'
import { defaultName } from './default-name.js'
import { findMatchingRule } from './matching-rule.js'
import type { ProcessFacts } from './process-directory.js'
import type { PlacedProcess, ProcessSource } from './process-source.js'
import type { Start } from './release.js'
import { createTargetNames } from './target-name.js'
import { findVersion } from './version.js'

/** What is known of a process: found out once per exec. */
export interface ProcessIdentity extends Start {
  /** Name of the target it belongs to; undefined: it makes none. */
  readonly target: string | undefined
  readonly namedBy: NamedBy
  /** Whether an ordinary user may have chosen the name of the target. */
  readonly isUserNamed: boolean
  readonly exe: string | undefined
  readonly runtime: Runtime
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
  /** Undefined where the process ended before it was looked at. */
  identify(pid: number): ProcessIdentity | undefined
  /** Takes other rules: every process is looked at once more. */
  use(rules: NamingRules): void
}

/**
 * Finds the target of each process: by the first rule whose conditions all hold; else its container, else its systemd
 * unit, else its command name (see target-name.ts).
 *
 * @param own The exporter's own cgroup: what runs in the same unit or container is told apart by command name.
 */
export function createIdentifier(
  source: ProcessSource,
  rules: NamingRules,
  own: CgroupIdentity | undefined,
  boot: Boot,
): Identifier {
  let active = rules
  const names = createTargetNames((name) => active.targets.some((rule) => rule.name === name))
  let identities = new WeakMap<ProcessFacts, ProcessIdentity>()

  function identifyOnce(facts: ProcessFacts): ProcessIdentity {
    const { pid, comm, startSeconds, layout } = facts.stat
    const cgroup = source.cgroup(pid)
    const place = cgroup && identifyCgroup(cgroup)
    const isOfMachine = place?.containerId !== undefined && place.containerOwner === undefined
    const container = isOfMachine ? source.container(place.containerId) : undefined
    const process = { facts, place, container }
    const rule = findMatchingRule(active.targets, process, source)
    const isOfUser = place?.containerOwner?.startsWith('user@') ?? false
    const { executable, sectionNames } = source.program(pid)
    return {
      pid,
      key: `${boot.id}:${pid}@${startSeconds}:${layout}`,
      ...nameTarget(rule, process),
      program: facts.exe === undefined ? comm : posix.basename(withoutDeleted(facts.exe)),
      exe: facts.exe,
      executable,
      version: rule?.version && findVersion(rule.version, process, source),
      startTimestampSeconds: boot.timestampSeconds + startSeconds,
      runtime: detectRuntime(source.mappings(pid), sectionNames),
      cgroup,
      systemdUnit: place?.systemdUnit,
      containerId: isOfUser ? undefined : place?.containerId,
      podUid: isOfUser ? undefined : place?.podUid,
      facts,
    }
  }

  function nameTarget(
    rule: TargetRule | undefined,
    process: PlacedProcess,
  ): Pick<ProcessIdentity, 'target' | 'namedBy' | 'isUserNamed'> {
    if (rule) return { target: rule.name, namedBy: 'rule', isUserNamed: false }
    const name = defaultName(process, own)
    // The command's processes are looked at once more.
    if (names.claim(name)) identities = new WeakMap()
    const { namedBy, isUserNamed } = name
    return { target: active.rulesOnly ? undefined : names.of(name), namedBy, isUserNamed }
  }

  return {
    identify(pid) {
      const facts = source.find(pid)
      if (!facts) return undefined
      let identity = identities.get(facts)
      if (!identity) {
        identity = identifyOnce(facts)
        identities.set(facts, identity)
      }
      return identity
    },
    use(rules) {
      active = rules
      identities = new WeakMap()
    },
  }
}
