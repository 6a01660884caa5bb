/**
 * Tracers by name, in the order in which `auto` tries them: bpftrace needs no compiler and its programs are verified by
 * the kernel; a module needs more of the machine and is trusted.
 */
export const BACKENDS = ['bpftrace', 'systemtap'] as const
export type Backend = (typeof BACKENDS)[number]

/** What the setting takes: a name, or all of them. */
export const BACKEND_CHOICES = ['auto', ...BACKENDS] as const
export type BackendChoice = (typeof BACKEND_CHOICES)[number]
