import type { VersionSource } from '../config/target-rule.js'
import type { Asked } from '../foreign/reader-process.js'
import { labelText } from './label-text.js'
import type { PlacedProcess, ProcessSource } from './process-source.js'

/** Version of what a process runs; its answer is undefined where there is none, or an empty one. */
export async function findVersion(
  version: VersionSource,
  process: PlacedProcess,
  source: ProcessSource,
): Promise<Asked<string | undefined>> {
  const asked = await readVersion(version, process, source)
  if (typeof asked === 'string') return asked
  const text = asked.answer?.trim()
  return { answer: text === undefined || text === '' ? undefined : labelText(text) }
}

async function readVersion(
  version: VersionSource,
  process: PlacedProcess,
  source: ProcessSource,
): Promise<Asked<string | undefined>> {
  const { pid } = process.facts.stat
  switch (version.kind) {
    case 'file':
      return source.firstLine(pid, version.path)
    case 'environment':
      return source.environment(pid, version.name)
    case 'label':
      return findLabel(version.name, process, source)
    case 'cmdline':
      return {
        answer: process.commandLine === undefined ? undefined : version.pattern.extract(process.commandLine),
      }
  }
}

async function findLabel(
  name: string,
  { place, container }: PlacedProcess,
  source: ProcessSource,
): Promise<Asked<string | undefined>> {
  if (container && Object.hasOwn(container.labels, name)) return { answer: container.labels[name] }
  // A unit of a user or inside a container is none of the machine's, whose files may have another of that name.
  return place?.systemdUnit === undefined || place.unitOwner !== undefined || place.containerId !== undefined
    ? { answer: undefined }
    : source.unitLabel(place.systemdUnit, name)
}
