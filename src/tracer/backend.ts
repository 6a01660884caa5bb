import type { ParseError } from '../parse/parse-error.js'
import type { TraceInterval } from '../parse/trace-interval.js'

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

/** One kind of tracer. */
export interface TracerBackend {
  readonly name: string
  /** What the kernel sends the tracer when the exporter dies: one that cleans up by itself is asked to. */
  readonly deathSignal: 'KILL' | 'TERM'
  check(options: TracerOptions): Promise<Usable | Problem>
  /** Makes what a run needs, in seconds to minutes; `signal` ends it early. Why it failed, if it did. */
  prepare?(signal: AbortSignal): Promise<Problem | undefined>
  /** Removes what a run that did not end by itself has left in the kernel; comes before and after each run. */
  cleanUp?(): Promise<Problem | undefined>
  command(options: TracerOptions): TracerCommand
  /** The parser of one run's standard output. */
  createParser(): { push(line: string): TraceInterval | ParseError | undefined }
  /** One line that says why a run ended, from the end of its standard error. */
  explainExit(stderrTail: string): string
}
