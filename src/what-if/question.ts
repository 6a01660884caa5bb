import type { Range } from '../api/field.js'
import type { WhatIfAnswer } from '../api/what-if.js'
import type { Distribution } from '../simulate/distribution.js'
import type { Refusal } from './refusal.js'

/** A resource of one server, as it was measured. */
export interface SequentialResource {
  /** A lock's queue is measured, a thread's is not. */
  readonly kind: 'lock' | 'thread'
  /** As a person can act on it; undefined where it is not known. */
  readonly name: string | undefined
  /** U_s: CPU-seconds per second inside it. CPUs. */
  readonly serialUtilization: number
  /** Share of the time in which it is held by a thread that sleeps. Ratio. */
  readonly heldAsleep: number
}

/** A service as it was measured: what /api/v1/targets says of it, as far as the answer needs it. */
export interface MeasuredService {
  readonly name: string
  /** N; a CPU quota may make it a fraction. CPUs, > 0. */
  readonly cpus: number
  /** B. CPUs, > 0. */
  readonly busyCpus: number
  /** CPUs of the N that other programs use. CPUs, ≥ 0. */
  readonly otherCpus: number
  /** p with its 95 % interval; that of a thread has none, and both bounds are its value. Ratios. */
  readonly parallelFraction: Range
  /** Q over all locks, holders included. Jobs. */
  readonly queueLength: number
  /** The one with the largest U_s, which gives p, first. */
  readonly sequential: readonly SequentialResource[]
}

/** What is known of the load now; what is left out is fitted to the measurement where that can be done. */
export interface PresentLoad {
  /** Clients, or threads that take jobs. Count. */
  readonly clients?: number | undefined
  /** Mean time of a client between an answer and the next job; needs D where it is not 0. Seconds. */
  readonly thinkSeconds?: number | undefined
  /** D, mean CPU time of a job, where it is known. Seconds. */
  readonly demandSeconds?: number | undefined
  /** X, from which D follows: it goes before demandSeconds. Jobs per second. */
  readonly throughput?: number | undefined
  /** Shape of D. */
  readonly demandDistribution: Distribution
}

/** What if? What is left out stays as it is. */
export interface Question {
  readonly present: PresentLoad
  readonly cpus?: number | undefined
  readonly clients?: number | undefined
  /** Share of its hold time, asleep or not, that the bottleneck loses. Ratio in [0, 1). */
  readonly holdTimeCut?: number | undefined
  readonly seed: number
}

export const MAX_CLIENTS = 2000
export const MAX_CPUS = 1024

/** An answer, or why there is none and what to do. */
export type Answered =
  | { readonly ok: true; readonly answer: WhatIfAnswer }
  | Refusal
  /** It took too long: the same question may be answered another time. */
  | (Omit<Refusal, 'ok'> & { readonly ok: 'given-up' })
