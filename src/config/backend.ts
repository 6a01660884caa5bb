/**
 * Back ends by name, in the order in which `auto` tries them: bpftrace needs no compiler and its programs are verified by
 * the kernel; a module needs more of the machine and is trusted; none sees no locks, and runs everywhere.
 */
export const BACKENDS = ['bpftrace', 'systemtap', 'none'] as const
export type Backend = (typeof BACKENDS)[number]

/** What the setting takes: a name, or all of them. */
export const BACKEND_CHOICES = ['auto', ...BACKENDS] as const
export type BackendChoice = (typeof BACKEND_CHOICES)[number]
