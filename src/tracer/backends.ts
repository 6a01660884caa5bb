import type { TracerBackend } from './backend.js'
import { createBpftraceBackend } from './bpftrace.js'
import { createSystemtapBackend, type SystemtapSettings } from './systemtap/systemtap.js'

export interface BackendSettings extends SystemtapSettings {
  /** A name, or `auto` for all of them. */
  readonly backend: 'auto' | 'systemtap' | 'bpftrace'
}

/**
 * The back ends to try, the best one first: bpftrace needs no compiler and its programs are verified by the kernel;
 * a module needs more of the machine and is trusted.
 */
export function createBackends(settings: BackendSettings, isRoot: boolean): readonly TracerBackend[] {
  const all = [createBpftraceBackend(isRoot), createSystemtapBackend(settings, isRoot)]
  return settings.backend === 'auto' ? all : all.filter(({ name }) => name === settings.backend)
}
