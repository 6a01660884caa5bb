import { BACKENDS, type Backend, type BackendChoice } from '../config/backend.js'
import type { TracerBackend } from './backend.js'
import { createBpftraceBackend } from './bpftrace.js'
import { createSystemtapBackend, type SystemtapSettings } from './systemtap/systemtap.js'

export interface BackendSettings extends SystemtapSettings {
  readonly backend: BackendChoice
}

const FACTORIES: Readonly<Record<Backend, (settings: BackendSettings, isRoot: boolean) => TracerBackend>> = {
  bpftrace: (_, isRoot) => createBpftraceBackend(isRoot),
  systemtap: createSystemtapBackend,
}

/** The back ends that the settings allow, in the order in which they are tried. */
export function createBackends(settings: BackendSettings, isRoot: boolean): readonly TracerBackend[] {
  const names = settings.backend === 'auto' ? BACKENDS : [settings.backend]
  return names.map((name) => FACTORIES[name](settings, isRoot))
}
