import { pino } from 'pino'
import type { LogFormat, LogLevel } from '../config/settings.js'
import { renderLogfmt } from './logfmt.js'

export type LogFields = Readonly<Record<string, unknown>>

export interface LogMethod {
  (message: string): void
  (fields: LogFields, message: string): void
}

export interface Logger {
  readonly debug: LogMethod
  readonly info: LogMethod
  readonly warn: LogMethod
  readonly error: LogMethod
  /** A logger that adds `fields` to each record. */
  child(fields: LogFields): Logger
}

/** Where whole lines go. */
export interface LogDestination {
  write(line: string): void
}

export interface LoggerOptions {
  readonly level: LogLevel
  readonly format: LogFormat
  readonly destination: LogDestination
}

/** A logger whose records begin with `ts` (UTC, RFC 3339), `level` and, after the fields, end with `msg`. */
export function createLogger({ level, format, destination }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"ts":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    format === 'json' ? destination : logfmtTo(destination),
  )
}

function logfmtTo(destination: LogDestination): LogDestination {
  return {
    write(line) {
      const { ts, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>
      destination.write(renderLogfmt({ ts, level, msg, ...fields }))
    },
  }
}
