import { BACKENDS, type Backend, type BackendChoice } from '../config/backend.js'
import type { Privileges } from '../privileges/needs.js'
import type { TracerBackend } from './backend.js'
import { createBpftraceBackend } from './bpftrace.js'
import { createNoneBackend } from './none.js'
import { createSystemtapBackend, type SystemtapSettings } from './systemtap/systemtap.js'

export interface BackendSettings extends SystemtapSettings {
  readonly backend: BackendChoice
}

/** What back ends need of the process that they run in. */
export interface BackendContext extends Privileges {
  /** CLOCK_MONOTONIC. Nanoseconds. */
  monotonicNs(): bigint
}

type Factory = (settings: BackendSettings, context: BackendContext) => TracerBackend

const FACTORIES: Readonly<Record<Backend, Factory>> = {
  bpftrace: (_, privileges) => createBpftraceBackend(privileges),
  systemtap: createSystemtapBackend,
  none: (_, { monotonicNs }) => createNoneBackend(monotonicNs),
}

/** The back ends that the settings allow, in the order in which they are tried. */
export function createBackends(settings: BackendSettings, context: BackendContext): readonly TracerBackend[] {
  const names = settings.backend === 'auto' ? BACKENDS : [settings.backend]
  return names.map((name) => FACTORIES[name](settings, context))
}
