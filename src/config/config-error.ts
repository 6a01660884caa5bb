/** One thing wrong with a configuration file. */
export interface ConfigError {
  readonly file: string
  /** Undefined when it is the file as a whole. */
  readonly position: Position | undefined
  /** One line. */
  readonly message: string
}

/** Both count from 1; columns in UTF-16 code units. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** The error with its message on one line: keys of a file and the words of its parser may hold line breaks. */
export function createConfigError(
  file: string,
  position: Position | undefined,
  message: string,
): ConfigError {
  return { file, position, message: message.replaceAll(/\s*[\p{Cc}\u2028\u2029]\s*/gu, ' ') }
}

/** `file:line:column: message`, on one line. */
export function describeConfigError({ file, position, message }: ConfigError): string {
  return position === undefined
    ? `${file}: ${message}`
    : `${file}:${position.line}:${position.column}: ${message}`
}
