import type { ParseError } from '../parse/parse-error.js'
import type { ToldLock, TraceInterval } from '../parse/trace-interval.js'

/** What a tracer needs to be told. */
export interface TracerOptions {
  /** Length of an interval. Seconds. */
  readonly intervalSeconds: number
  /** On-CPU samples per second and CPU. Hz. */
  readonly sampleHz: number
}

/** A program to run, without a shell. */
export interface TracerCommand {
  readonly file: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** Why something cannot be done and how to change that, in one line. */
export interface Problem {
  readonly problem: string
}

/** A tracer that can run here. */
export interface Usable {
  readonly version: string
  /** What `prepare` has to do before the first run, for people; undefined when it has nothing to do. */
  readonly preparation?: string
}

/** What all kinds of back ends have. */
interface NamedBackend {
  readonly name: string
  check(options: TracerOptions): Promise<Usable | Problem>
}

/** A tracer: a program that prints what it sees. */
export interface ProgramBackend extends NamedBackend {
  /** What the kernel sends the tracer when the exporter dies: one that cleans up by itself is asked to. */
  readonly deathSignal: 'KILL' | 'TERM'
  /** Makes what a run needs, in seconds to minutes; `signal` ends it early. Why it failed, if it did. */
  prepare?(signal: AbortSignal): Promise<Problem | undefined>
  /** Removes what a run that did not end by itself has left in the kernel; comes before and after each run. */
  cleanUp?(): Promise<Problem | undefined>
  command(options: TracerOptions): TracerCommand
  /**
   * Tells one that runs, and has given an interval, of a lock that is to be looked at until its process ends or calls exec.
   *
   * @returns Whether it was told.
   */
  tell?(lock: ToldLock): boolean
  /** The parser of one run's standard output. */
  createParser(): { push(line: string): TraceInterval | ParseError | undefined }
  /** One line that says why a run ended, from the end of its standard error. */
  explainExit(stderrTail: string): string
}

/** What stands in where no tracer can run: borders of intervals, without anything seen in them. */
export interface StandInBackend extends NamedBackend {
  /** Gives intervals until it is told to end. */
  run(
    options: TracerOptions,
    onInterval: (interval: TraceInterval) => void,
    signal: AbortSignal,
  ): Promise<void>
}

/** Where intervals come from. */
export type TracerBackend = ProgramBackend | StandInBackend

export function isStandIn(backend: TracerBackend): backend is StandInBackend {
  return 'run' in backend
}
