import type { Backend } from '../config/backend.js'
import type { Capability } from '../parse/capabilities.js'

/** What a capability is needed for. */
export interface Need {
  readonly capability: Capability
  /** The back end that needs it to run; undefined: it runs without, and less is seen. */
  readonly backend: Backend | undefined
  readonly purpose: string
}

/** As measured: docs/security.md has how. */
export const NEEDS: readonly Need[] = [
  { capability: 'bpf', backend: 'bpftrace', purpose: 'loads the programs and maps of the tracer' },
  { capability: 'perfmon', backend: 'bpftrace', purpose: 'attaches them, and lets them read memory' },
  {
    capability: 'sys_ptrace',
    backend: undefined,
    purpose: 'programs, versions, runtimes and locks of other users: their p is withheld without it',
  },
  {
    capability: 'dac_read_search',
    backend: undefined,
    purpose: 'versions in environment variables, and names of locks of programs that others may not read',
  },
  { capability: 'sys_module', backend: 'systemtap', purpose: 'loads the module' },
  { capability: 'syslog', backend: 'systemtap', purpose: 'finds the functions of the kernel that it calls' },
]

/** What the kernel lets the exporter do. */
export interface Privileges {
  /** Whether the effective user is root. */
  readonly isRoot: boolean
  /** Effective ones; undefined where that is not known. */
  readonly capabilities: ReadonlySet<Capability> | undefined
}

/** Why a back end cannot run, with the remedy, in one line; undefined where it has all that it needs. */
export function describeMissing(held: Privileges['capabilities'], backend: Backend): string | undefined {
  const names = missing(held, backend).map(({ capability }) => capability)
  if (names.length === 0) return undefined
  return `${backend} needs the capabilities that the exporter has not: ${names.join(', ')}; start it with them (docs/security.md)`
}

/** Those of the needs of a back end, or of what all of them can do, that the process has not. */
export function missing(held: Privileges['capabilities'], backend: Backend | undefined): readonly Need[] {
  return NEEDS.filter((need) => need.backend === backend && held !== undefined && !held.has(need.capability))
}

/** Those that the process has, and no part of the exporter needs. */
export function needless(held: ReadonlySet<Capability>): readonly Capability[] {
  return [...held].filter((capability) => !NEEDS.some((need) => need.capability === capability))
}
