import { createLogger, type Logger } from '../../src/log/logger.js'

/** A logger, and what it has logged so far. */
export function recordLog(): { readonly logger: Logger; readonly lines: readonly string[]; text(): string } {
  const lines: string[] = []
  const destination = { write: (line: string) => void lines.push(line) }
  return {
    logger: createLogger({ level: 'info', format: 'logfmt', destination }),
    lines,
    text: () => lines.join(''),
  }
}
