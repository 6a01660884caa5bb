/** What gives a target its name: also the label `named_by` of amdahl_target_info. */
export const NAMED_BY = ['rule', 'unit', 'container', 'script', 'command'] as const
export type NamedBy = (typeof NAMED_BY)[number]

/** What stands before a name that could be one of another kind. */
export const KIND_PREFIXES = NAMED_BY.map((kind) => `${kind}:`)

export function hasKindPrefix(name: string): boolean {
  return KIND_PREFIXES.some((prefix) => name.startsWith(prefix))
}
