import type { Range } from '../api/field.js'
import type { WhatIfAnswer } from '../api/what-if.js'
import type { Distribution } from '../simulate/distribution.js'

/** A service as it was measured: what /api/v1/targets says of it, as far as the answer needs it. */
export interface MeasuredService {
  readonly name: string
  /** N; a CPU quota may make it a fraction. CPUs, > 0. */
  readonly cpus: number
  /** B. CPUs, > 0. */
  readonly busyCpus: number
  /** p with its 95 % interval. Ratios. */
  readonly parallelFraction: Range
  /** Q over all locks, holders included. Jobs. */
  readonly queueLength: number
  readonly bottleneckLock: string | undefined
  /** U_s of the other locks. CPUs. */
  readonly otherSerialUtilizations: readonly number[]
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
  /** Share of its hold time that the bottleneck lock loses. Ratio in [0, 1). */
  readonly holdTimeCut?: number | undefined
  readonly seed: number
}

export const MAX_CLIENTS = 2000
export const MAX_CPUS = 1024

/** An answer, or why there is none and what to do. */
export type Answered =
  | { readonly ok: true; readonly answer: WhatIfAnswer }
  | { readonly ok: false; readonly problem: string }
