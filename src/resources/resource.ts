/**
 * What jobs queue for: a station of operational analysis. Closed set: values of the `kind` label.
 *
 * - `lock`: one server, the thread that holds it.
 * - `thread`: one server, a thread that does what no other one takes over.
 * - `cpu`: as many servers as the target can have CPUs.
 */
export const RESOURCE_KINDS = ['lock', 'thread', 'cpu'] as const
export type ResourceKind = (typeof RESOURCE_KINDS)[number]

/** One resource of a target, in the mean over the intervals of an assessment. */
export interface Resource {
  readonly kind: ResourceKind
  /** As a person can act on it; undefined as long as it is being found out. */
  readonly name: string | undefined
  /** U_k/m_k: share of its servers in use. Ratio, up to about 1. */
  readonly utilization: number
}

/** The one with the largest share of its servers in use; the first of several. Undefined where nothing is in use. */
export function fullestOf(resources: readonly Resource[]): Resource | undefined {
  let fullest: Resource | undefined
  for (const resource of resources) {
    if (resource.utilization > (fullest?.utilization ?? 0)) fullest = resource
  }
  return fullest
}
