import type { Problem, Usable } from '../backend.js'

/** Where the kernel module of a run comes from. */
export interface KernelModule {
  check(): Promise<Usable | Problem>
  /** Makes the file where it is missing; `signal` ends that early. Why it failed, if it did. */
  prepare(signal: AbortSignal): Promise<Problem | undefined>
  /** Path of the file that is loaded. */
  file(): string
}
