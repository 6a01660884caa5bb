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

/** One kind of tracer. */
export interface TracerBackend {
  readonly name: string
  /** Version of the tracer, or why it cannot run here and how to change that, in one line. */
  check(): Promise<{ readonly version: string } | { readonly problem: string }>
  command(options: TracerOptions): TracerCommand
  /** The parser of one run's standard output. */
  createParser(): { push(line: string): TraceInterval | ParseError | undefined }
  /** One line that says why a run ended, from the end of its standard error. */
  explainExit(stderrTail: string): string
}
