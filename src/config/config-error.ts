/** One thing wrong with a configuration file. */
export interface ConfigError {
  readonly file: string
  /** Undefined when it is the file as a whole. */
  readonly position: Position | undefined
  readonly message: string
}

/** Both count from 1; columns in UTF-16 code units. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** `file:line:column: message`, on one line. */
export function describeConfigError({ file, position, message }: ConfigError): string {
  return position === undefined
    ? `${file}: ${message}`
    : `${file}:${position.line}:${position.column}: ${message}`
}
