import type { Estimator } from '../../../src/estimate/estimate.js'
import type { Regime } from '../../../src/model/bounds.js'
import type { Keep } from './children.js'

/**
 * What the true answer is about:
 *
 * - `lock`: the busiest lock, as the program measures it itself.
 * - `thread`: the busiest thread, by the scheduler's own account of it.
 * - `calls`: locks inside library calls: p is at least what all of these calls leave.
 * - `unknown`: what limits is not known, or no answer can be had from outside.
 */
export type About = 'lock' | 'thread' | 'calls' | 'unknown'

/** What a program of test/workload prints at its end. */
export interface ProgramReport {
  readonly seconds: number
  readonly jobs?: number
  readonly cpu_seconds: number
  readonly p: number
  readonly queue?: number
  readonly in_use?: number
  readonly held?: number
}

/** A service under load, or a program that is both. */
export interface Running {
  /** The process whose descendants, itself included, are the target. */
  readonly pid: number
  /** Begins the measured period. */
  reset(): void
  /** Ends everything; what it said of itself, if it says something. */
  finish(): Promise<ProgramReport | undefined>
}

/** It always says something. */
export interface RunningProgram extends Running {
  finish(): Promise<ProgramReport>
}

export interface Launch {
  /** Empty, for data; it goes with the row. */
  readonly folder: string
  readonly keep: Keep
}

export interface Row {
  /** Selects the row; without spaces. */
  readonly name: string
  readonly section: string
  /** One line for the reader. */
  readonly title: string
  /** Its program, where it is one of test/workload. */
  readonly command?: string
  /** As the exporter is told to name it: what has this command name, or what the rule says. */
  readonly target: string
  readonly match?: (folder: string) => Readonly<Record<string, string>>
  readonly about: About
  readonly start: (launch: Launch) => Promise<Running>
  /** It uses so little that others may run at the same moment. */
  readonly isLight?: true
  /** Error of p that still is right. Ratio; 0.03 if not given. */
  readonly tolerance?: number
  /**
   * Reasons that are true of it; `no-target`: it may be missing. None: p has to be there. `too-few-samples` is judged by
   * the number there should be.
   */
  readonly reasons: readonly string[]
  /** p in contention windows is another one by its definition: it is not judged. */
  readonly hasOtherWindows?: true
  /** Its queue is not judged. */
  readonly hasOtherQueue?: true
  /** Its queue must be this, whatever the program says. Jobs. */
  readonly queue?: number
  /** A thread comes with each job and goes with it: how many there are says how many jobs, not what they wait for. */
  readonly hasThreadPerJob?: true
  /** No thread of it is a limit. */
  readonly hasNoLimitingThread?: true
  /** Share of the time in which its busiest sequential resource is in use, where that is known by construction. */
  readonly inUse?: { readonly least: number; readonly most: number }
}

/** What is true of a row, over its measured period. Undefined: not known. */
export interface Truth {
  readonly p: number | undefined
  readonly pAtLeast: number | undefined
  readonly queue: number | undefined
  /** Share of the time in which the busiest sequential resource is in use, between these. Ratios. */
  readonly inUse: { readonly least: number; readonly most: number } | undefined
  /** B. CPUs. */
  readonly busyCpus: number
  /** B / (B + idle CPUs). Ratio. */
  readonly cpuInUse: number
  /** U of the machine. Ratio. */
  readonly machineUtilization: number
  /** On-CPU samples of it that the exporter's window should hold. Count. */
  readonly samples: number
  /** Of its threads, at the end. Count. */
  readonly threads: number
}

export interface AnsweredEstimate {
  readonly value?: number | undefined
  readonly lower?: number | undefined
  readonly upper?: number | undefined
  readonly reason?: string | undefined
}

/** What the exporter says of it. */
export interface Answer {
  readonly parallelFraction: Readonly<Record<Estimator, AnsweredEstimate>>
  readonly queueLength?: number | undefined
  readonly headroomRatio?: number | undefined
  readonly speedupLimit?: number | undefined
  readonly regime?: Regime | undefined
  readonly locks?: readonly { readonly lock: string; readonly waits: number }[] | undefined
  readonly resources?:
    | readonly {
        readonly kind: string
        readonly name?: string | undefined
        readonly utilizationRatio: number
      }[]
    | undefined
}
