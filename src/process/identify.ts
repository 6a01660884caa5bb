import { posix } from 'node:path'
import type { TargetRule } from '../config/target-rule.js'
import { type CgroupIdentity, type CgroupPaths, identifyCgroup } from '../parse/cgroup.js'
import { withoutDeleted } from '../parse/proc-maps.js'
import type { Runtime } from '../runtimes/runtime.js'
import { detectRuntime } from '../runtimes/runtime-table.js'
import { defaultName } from './default-name.js'
import { findMatchingRule } from './matching-rule.js'
import type { ProcessFacts } from './process-directory.js'
import type { ProcessSource } from './process-source.js'
import type { Start } from './release.js'
import { findVersion } from './version.js'

/** What is known of a process: found out once per exec. */
export interface ProcessIdentity extends Start {
  /** Name of the target it belongs to. */
  readonly target: string
  readonly exe: string | undefined
  readonly runtime: Runtime
  readonly cgroup: CgroupPaths | undefined
  readonly systemdUnit: string | undefined
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

export interface Identifier {
  /** Undefined where the process ended before it was looked at. */
  identify(pid: number): ProcessIdentity | undefined
  /** Takes other rules: every process is looked at once more. */
  use(rules: readonly TargetRule[]): void
}

/**
 * Finds the target of each process: by the first rule whose conditions all hold; else its container, else its systemd
 * unit, else its command name.
 *
 * @param own The exporter's own cgroup: what runs in the same unit or container is told apart by command name.
 */
export function createIdentifier(
  source: ProcessSource,
  rules: readonly TargetRule[],
  own: CgroupIdentity | undefined,
  boot: Boot,
): Identifier {
  let active = rules
  let identities = new WeakMap<ProcessFacts, ProcessIdentity>()

  function identifyOnce(facts: ProcessFacts): ProcessIdentity {
    const { pid, comm, startSeconds, layout } = facts.stat
    const cgroup = source.cgroup(pid)
    const place = cgroup && identifyCgroup(cgroup)
    const container = place?.containerId === undefined ? undefined : source.container(place.containerId)
    const process = { facts, place, container }
    const rule = findMatchingRule(active, process, source)
    const { executable, sectionNames } = source.program(pid)
    return {
      pid,
      key: `${boot.id}:${pid}@${startSeconds}:${layout}`,
      target: rule?.name ?? defaultName(process, own),
      program: facts.exe === undefined ? comm : posix.basename(withoutDeleted(facts.exe)),
      exe: facts.exe,
      executable,
      version: rule?.version && findVersion(rule.version, process, source),
      startTimestampSeconds: boot.timestampSeconds + startSeconds,
      runtime: detectRuntime(source.mappings(pid), sectionNames),
      cgroup,
      systemdUnit: place?.systemdUnit,
      containerId: place?.containerId,
      podUid: place?.podUid,
      facts,
    }
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
