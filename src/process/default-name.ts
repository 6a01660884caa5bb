import type { CgroupIdentity } from '../parse/cgroup.js'
import { labelText } from './label-text.js'
import type { PlacedProcess } from './process-source.js'

/**
 * Name of the target of a process that no rule names: its container, else its systemd unit with the unit's owner,
 * else its command name.
 *
 * @param own Where the exporter is: what runs in the same unit or container is told apart by command name.
 */
export function defaultName(
  { facts, place, container }: PlacedProcess,
  own: CgroupIdentity | undefined,
): string {
  if (place?.containerId !== undefined) {
    if (place.containerId !== own?.containerId) {
      return nameFrom(container?.name ?? place.containerId.slice(0, 12))
    }
  } else if (place?.systemdUnit !== undefined && !isSameUnit(place, own)) {
    const { unitOwner, systemdUnit } = place
    return nameFrom(unitOwner === undefined ? systemdUnit : `${unitOwner}/${systemdUnit}`)
  }
  return nameFrom(facts.stat.comm)
}

/** Units of different owners may have the same name. */
function isSameUnit(place: CgroupIdentity, own: CgroupIdentity | undefined): boolean {
  return (
    place.systemdUnit === own?.systemdUnit &&
    place.unitOwner === own?.unitOwner &&
    place.containerId === own?.containerId
  )
}

/** Command names are the program's to choose: they may hold anything. */
function nameFrom(text: string): string {
  return labelText(text) || 'unnamed'
}
