import type { CgroupIdentity } from '../parse/cgroup.js'
import type { PlacedProcess } from './process-source.js'
import type { DefaultName } from './target-name.js'

/**
 * What the target of a process is called after that no rule names: its container, else its systemd unit, each with its
 * owner, else its command name.
 *
 * @param own Where the exporter is: what runs in the same unit or container is told apart by command name.
 */
export function defaultName(
  { facts, place, container }: PlacedProcess,
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
  return { namedBy: 'command', text: facts.stat.comm, isUserNamed: true }
}

/** Containers and units of different owners may have the same name. */
function withOwner(namedBy: 'container' | 'unit', owner: string | undefined, name: string): DefaultName {
  return { namedBy, text: owner === undefined ? name : `${owner}/${name}`, isUserNamed: owner !== undefined }
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
