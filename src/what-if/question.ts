import type { Distribution } from '../simulate/distribution.js'

/** A service as it was measured: what /api/v1/targets says of it, as far as the answer needs it. */
export interface MeasuredService {
  readonly name: string
  /** N; a CPU quota may make it a fraction. CPUs, > 0. */
  readonly cpus: number
  /** B. CPUs, > 0. */
  readonly busyCpus: number
  /** p with its 95 % interval. Ratios. */
  readonly parallelFraction: { readonly value: number; readonly lower: number; readonly upper: number }
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

/** A value with its 95 % interval. */
export interface Range {
  readonly value: number
  readonly lower: number
  readonly upper: number
}

/** A service under a load, as the simulator has it. */
export interface Performance {
  readonly cpus: number
  readonly clients: number
  /** p of the service as it is then. Ratio. */
  readonly parallelFraction: number
  /** X; undefined where D is not known. Jobs per second. */
  readonly throughput: Range | undefined
  /** U = B/N. Ratio. */
  readonly utilization: Range
  /** Q. Jobs. */
  readonly queueLength: Range
  /** R; undefined where D is not known. Seconds. */
  readonly responseSeconds: Range | undefined
}

export interface Answer {
  readonly target: string
  readonly bottleneckLock: string | undefined
  /** As they were measured, to be compared with `now`. */
  readonly measured: {
    readonly parallelFraction: Range
    readonly utilization: number
    readonly queueLength: number
  }
  /** The load that was taken, and which parts of it were fitted to the measurement. */
  readonly load: {
    readonly clients: number
    /** Think time over D. Ratio. */
    readonly thinkPerDemand: number
    readonly fitted: readonly ('clients' | 'think')[]
  }
  readonly now: Performance
  readonly predicted: Performance
  /** Predicted over now. Ratios. */
  readonly throughputRatio: Range
  readonly responseRatio: Range
}

/** An answer, or why there is none and what to do. */
export type Answered =
  | { readonly ok: true; readonly answer: Answer }
  | { readonly ok: false; readonly problem: string }
