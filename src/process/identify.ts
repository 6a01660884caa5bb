import { posix } from 'node:path'
import type { Pattern } from '../config/pattern.js'
import type { Condition, TargetRule, VersionSource } from '../config/target-rule.js'
import { type CgroupIdentity, type CgroupPaths, identifyCgroup } from '../parse/cgroup.js'
import { type Mapping, withoutDeleted } from '../parse/proc-maps.js'
import type { Runtime } from '../runtimes/runtime.js'
import { detectRuntime } from '../runtimes/runtime-table.js'
import type { ContainerFacts } from './container.js'
import type { ProcessFacts } from './process-directory.js'
import type { Executable, Start } from './release.js'

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

/** What the machine says of processes. */
export interface ProcessSource {
  find(pid: number): ProcessFacts | undefined
  mappings(pid: number): readonly Mapping[]
  executable(pid: number): Executable | undefined
  commandLine(pid: number): string | undefined
  environment(pid: number, name: string): string | undefined
  cgroup(pid: number): CgroupPaths | undefined
  /** Name of the user that the process runs as, and its number. */
  user(pid: number): readonly string[]
  firstLine(pid: number, path: string): string | undefined
  container(id: string): ContainerFacts | undefined
  unitLabel(unit: string, key: string): string | undefined
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

/** Longest version: it is a label. Characters. */
const MAX_VERSION = 128
const MAX_NAME = 128

/**
 * Finds the target of each process: by the first rule whose conditions all hold; else its systemd unit, else its
 * container, else its command name.
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

  function create(facts: ProcessFacts): ProcessIdentity {
    const { pid, comm, startSeconds, layout } = facts.stat
    const cgroup = source.cgroup(pid)
    const place = cgroup && identifyCgroup(cgroup)
    const container = place?.containerId === undefined ? undefined : source.container(place.containerId)
    const rule = active.find(({ match }) =>
      [...match].every(([condition, pattern]) =>
        valuesOf(condition, facts, place, container?.name).some(pattern.matches),
      ),
    )
    return {
      pid,
      key: `${boot.id}:${pid}@${startSeconds}:${layout}`,
      target: rule?.name ?? defaultName(comm, place, container?.name),
      program: facts.exe === undefined ? comm : posix.basename(withoutDeleted(facts.exe)),
      exe: facts.exe,
      executable: source.executable(pid),
      version: rule?.version && versionOf(rule.version, pid, place, container),
      startTimestampSeconds: boot.timestampSeconds + startSeconds,
      runtime: detectRuntime(source.mappings(pid)),
      cgroup,
      systemdUnit: place?.systemdUnit,
      containerId: place?.containerId,
      podUid: place?.podUid,
      facts,
    }
  }

  /** What a condition is compared with: one of these has to match. */
  function valuesOf(
    condition: Condition,
    { stat, exe }: ProcessFacts,
    place: CgroupIdentity | undefined,
    containerName: string | undefined,
  ): readonly string[] {
    switch (condition) {
      case 'comm':
        return [stat.comm]
      case 'exe':
        return exe === undefined ? [] : [withoutDeleted(exe)]
      case 'cmdline':
        return present(source.commandLine(stat.pid))
      case 'systemd_unit':
        return present(place?.systemdUnit)
      case 'cgroup':
        return present(place?.path)
      case 'container':
        return [...present(containerName), ...present(place?.containerId)]
      case 'user':
        return source.user(stat.pid)
    }
  }

  function versionOf(
    version: VersionSource,
    pid: number,
    place: CgroupIdentity | undefined,
    container: ContainerFacts | undefined,
  ): string | undefined {
    const text = readVersion(version, pid, place, container)?.trim()
    return text === undefined || text === '' ? undefined : withoutControls(text).slice(0, MAX_VERSION)
  }

  function readVersion(
    version: VersionSource,
    pid: number,
    place: CgroupIdentity | undefined,
    container: ContainerFacts | undefined,
  ): string | undefined {
    switch (version.kind) {
      case 'file':
        return source.firstLine(pid, version.path)
      case 'environment':
        return source.environment(pid, version.name)
      case 'label': {
        const { name } = version
        if (container && Object.hasOwn(container.labels, name)) return container.labels[name]
        // A unit inside a container is none of the machine's.
        return place?.systemdUnit === undefined || place.containerId !== undefined
          ? undefined
          : source.unitLabel(place.systemdUnit, name)
      }
      case 'cmdline':
        return extract(version.pattern, source.commandLine(pid))
    }
  }

  function defaultName(
    comm: string,
    place: CgroupIdentity | undefined,
    containerName: string | undefined,
  ): string {
    if (place?.containerId !== undefined) {
      const name = containerName ?? place.containerId.slice(0, 12)
      if (place.containerId !== own?.containerId) return nameFrom(name)
    } else if (place?.systemdUnit !== undefined && place.systemdUnit !== own?.systemdUnit) {
      return nameFrom(place.systemdUnit)
    }
    return nameFrom(comm)
  }

  return {
    identify(pid) {
      const facts = source.find(pid)
      if (!facts) return undefined
      let identity = identities.get(facts)
      if (!identity) {
        identity = create(facts)
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

function extract(pattern: Pattern, text: string | undefined): string | undefined {
  return text === undefined ? undefined : pattern.extract(text)
}

function present(text: string | undefined): readonly string[] {
  return text === undefined ? [] : [text]
}

/** Command names are the program's to choose: they may hold anything. */
function nameFrom(text: string): string {
  const name = withoutControls(text).slice(0, MAX_NAME)
  return name === '' ? 'unnamed' : name
}

function withoutControls(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '\ufffd')
}
