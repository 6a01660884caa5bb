import type { Condition, TargetRule } from '../config/target-rule.js'
import { withoutDeleted } from '../parse/proc-maps.js'
import type { PlacedProcess, ProcessSource } from './process-source.js'

/** The first rule whose conditions all hold. */
export function findMatchingRule(
  rules: readonly TargetRule[],
  process: PlacedProcess,
  source: Pick<ProcessSource, 'user'>,
): TargetRule | undefined {
  return rules.find(({ match }) =>
    [...match].every(([condition, pattern]) => valuesOf(condition, process, source).some(pattern.matches)),
  )
}

/** What a condition is compared with: one of these has to match. */
function valuesOf(
  condition: Condition,
  { facts, place, container, commandLine }: PlacedProcess,
  source: Pick<ProcessSource, 'user'>,
): readonly string[] {
  const { stat, exe } = facts
  switch (condition) {
    case 'comm':
      return [stat.comm]
    case 'exe':
      return exe === undefined ? [] : [withoutDeleted(exe)]
    case 'cmdline':
      return present(commandLine)
    case 'systemd_unit':
      return present(place?.systemdUnit).map((unit) => owned(place?.unitOwner, unit))
    case 'cgroup':
      return present(place?.path)
    case 'container':
      return [
        ...present(container?.name),
        ...present(place?.containerId).map((id) => owned(place?.containerOwner, id)),
      ]
    case 'user':
      return source.user(stat.pid)
  }
}

function present(text: string | undefined): readonly string[] {
  return text === undefined ? [] : [text]
}

/** Who owns a part of the cgroups may give any name to what is below it: such a name has its owner before it. */
function owned(owner: string | undefined, name: string): string {
  return owner === undefined ? name : `${owner}/${name}`
}
