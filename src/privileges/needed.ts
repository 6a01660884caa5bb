import type { Backend, BackendChoice } from '../config/backend.js'
import type { Capability } from '../parse/capabilities.js'
import { NEEDS } from './needs.js'

/** What a configuration asks for, as far as it takes capabilities. */
export interface Wanted {
  readonly backend: BackendChoice
  /** Where it listens by itself. */
  readonly ports: readonly number[]
}

/** Ports below it are privileged: net.ipv4.ip_unprivileged_port_start, ip(7). */
const FIRST_FREE_PORT = 1024

/**
 * The capabilities that serving by this configuration needs.
 *
 * @param isBpftraceInstalled Which back end is taken where the configuration leaves it open: a module needs far more.
 */
export function neededCapabilities(
  { backend, ports }: Wanted,
  isBpftraceInstalled: boolean,
): readonly Capability[] {
  const chosen: Backend = backend !== 'auto' ? backend : isBpftraceInstalled ? 'bpftrace' : 'systemtap'
  const needs = NEEDS.filter((need) => need.backend === undefined || need.backend === chosen)
  const isPrivileged = ports.some((port) => port > 0 && port < FIRST_FREE_PORT)
  return [
    ...needs.map(({ capability }) => capability),
    ...(isPrivileged ? (['net_bind_service'] as const) : []),
  ]
}
