import type { VersionSource } from '../config/target-rule.js'
import { labelText } from './label-text.js'
import type { PlacedProcess, ProcessSource } from './process-source.js'

/** Version of what a process runs; undefined where there is none, or an empty one. */
export async function findVersion(
  version: VersionSource,
  process: PlacedProcess,
  source: ProcessSource,
): Promise<string | undefined> {
  const text = (await readVersion(version, process, source))?.trim()
  return text === undefined || text === '' ? undefined : labelText(text)
}

async function readVersion(
  version: VersionSource,
  process: PlacedProcess,
  source: ProcessSource,
): Promise<string | undefined> {
  const { pid } = process.facts.stat
  switch (version.kind) {
    case 'file':
      return source.firstLine(pid, version.path)
    case 'environment':
      return source.environment(pid, version.name)
    case 'label':
      return findLabel(version.name, process, source)
    case 'cmdline':
      return process.commandLine === undefined ? undefined : version.pattern.extract(process.commandLine)
  }
}

async function findLabel(
  name: string,
  { place, container }: PlacedProcess,
  source: ProcessSource,
): Promise<string | undefined> {
  if (container && Object.hasOwn(container.labels, name)) return container.labels[name]
  // A unit of a user or inside a container is none of the machine's, whose files may have another of that name.
  return place?.systemdUnit === undefined || place.unitOwner !== undefined || place.containerId !== undefined
    ? undefined
    : source.unitLabel(place.systemdUnit, name)
}
