import type { Pattern } from './pattern.js'

/** What a rule may ask of a process; all that are given must hold. */
export const CONDITIONS = ['comm', 'exe', 'cmdline', 'systemd_unit', 'cgroup', 'container', 'user'] as const
export type Condition = (typeof CONDITIONS)[number]

/** Where the version of a process is read, once for each start. */
export type VersionSource =
  /** First line of a file, as the process itself would open it. */
  | { readonly kind: 'file'; readonly path: string }
  /** An environment variable of the process. */
  | { readonly kind: 'environment'; readonly name: string }
  /** A label of its container, or a key such as X-Version of its systemd unit. */
  | { readonly kind: 'label'; readonly name: string }
  /** The first group of a regular expression, found in its command line. */
  | { readonly kind: 'cmdline'; readonly pattern: Pattern }

/** Which processes make a target. */
export interface TargetRule {
  readonly name: string
  readonly match: ReadonlyMap<Condition, Pattern>
  readonly version: VersionSource | undefined
}
