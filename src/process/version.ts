import type { VersionSource } from '../config/target-rule.js'
import { labelText } from './label-text.js'
import type { PlacedProcess, ProcessSource } from './process-source.js'

/** Version of what a process runs; undefined where there is none, or an empty one. */
export function findVersion(
  version: VersionSource,
  process: PlacedProcess,
  source: ProcessSource,
): string | undefined {
  const text = readVersion(version, process, source)?.trim()
  return text === undefined || text === '' ? undefined : labelText(text)
}

function readVersion(
  version: VersionSource,
  process: PlacedProcess,
  source: ProcessSource,
): string | undefined {
  const { pid } = process.facts.stat
  switch (version.kind) {
    case 'file':
      return source.firstLine(pid, version.path)
    case 'environment':
      return source.environment(pid, version.name)
    case 'label':
      return findLabel(version.name, process, source)
    case 'cmdline': {
      const commandLine = source.commandLine(pid)
      return commandLine === undefined ? undefined : version.pattern.extract(commandLine)
    }
  }
}

function findLabel(
  name: string,
  { place, container }: PlacedProcess,
  source: ProcessSource,
): string | undefined {
  if (container && Object.hasOwn(container.labels, name)) return container.labels[name]
  // A unit of a user or inside a container is none of the machine's, whose files may have another of that name.
  return place?.systemdUnit === undefined || place.unitOwner !== undefined || place.containerId !== undefined
    ? undefined
    : source.unitLabel(place.systemdUnit, name)
}
