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

/** Longest message: a key of a file may be megabytes. Characters. */
const MAX_MESSAGE = 2000

/** The error with its message on one line: keys of a file and the words of its parser may hold line breaks. */
export function createConfigError(
  file: string,
  position: Position | undefined,
  message: string,
): ConfigError {
  const clipped = message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE - 1)}…` : message
  return { file, position, message: clipped.replaceAll(/\s*[\p{Cc}\u2028\u2029]\s*/gu, ' ') }
}

/** `file:line:column: message`, on one line. */
export function describeConfigError({ file, position, message }: ConfigError): string {
  return position === undefined
    ? `${file}: ${message}`
    : `${file}:${position.line}:${position.column}: ${message}`
}
