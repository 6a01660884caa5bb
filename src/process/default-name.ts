import { type CgroupIdentity, userSliceOf } from '../parse/cgroup.js'
import { fileOrCommand } from './executable-name.js'
import type { PlacedProcess } from './process-source.js'
import type { DefaultName } from './target-name.js'

/**
 * What the target of a process is called after that no rule names: its container, else its systemd unit, each with its
 * owner; else what an interpreter runs in it, else its executable.
 *
 * @param own Where the exporter is: what runs in the same unit or container is told apart by its program.
 */
export function defaultName(
  { facts, place, container, program }: PlacedProcess,
  own: CgroupIdentity | undefined,
): DefaultName {
  if (place?.containerId !== undefined) {
    if (!isSameContainer(place, own)) {
      const name = container?.name ?? place.containerId.slice(0, 12)
      return withOwner('container', place.containerOwner, name)
    }
  } else if (place?.systemdUnit !== undefined && !isSameUnit(place, own)) {
    return withOwner('unit', place.unitOwner, place.systemdUnit)
  }
  const owner = place && userOf(place, own)
  return { namedBy: 'command', text: fileOrCommand(facts), ...program, owner, isUserNamed: true }
}

/** Containers and units of different owners may have the same name. */
function withOwner(namedBy: 'container' | 'unit', owner: string | undefined, name: string): DefaultName {
  return { namedBy, text: owner === undefined ? name : `${owner}/${name}`, isUserNamed: owner !== undefined }
}

/** Any user may run a program of any name; root's sessions, and those that the exporter was started in, are the machine's. */
function userOf(place: CgroupIdentity, own: CgroupIdentity | undefined): string | undefined {
  const slice = userSliceOf(place.path)
  return slice === 'user-0.slice' || slice === (own && userSliceOf(own.path)) ? undefined : slice
}

function isSameContainer(place: CgroupIdentity, own: CgroupIdentity | undefined): boolean {
  return place.containerId === own?.containerId && place.containerOwner === own?.containerOwner
}

function isSameUnit(place: CgroupIdentity, own: CgroupIdentity | undefined): boolean {
  return (
    place.systemdUnit === own?.systemdUnit &&
    place.unitOwner === own?.unitOwner &&
    place.containerId === own?.containerId
  )
}
