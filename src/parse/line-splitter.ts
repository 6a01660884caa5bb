/** Cuts a stream of text into lines in bounded memory. */
export interface LineSplitter {
  /** Takes the next piece of the stream; returns the lines that it completes, without their ends. */
  push(chunk: string): readonly string[]
}

/**
 * @param maxLength Characters of a line that are kept; the rest of a longer line is dropped, so that it is refused
 *   by the parser as too long (it keeps one character more than `maxLength`).
 */
export function createLineSplitter(maxLength: number): LineSplitter {
  let rest = ''
  return {
    push(chunk) {
      const lines = (rest + chunk).split('\n')
      rest = (lines.pop() ?? '').slice(0, maxLength + 1)
      return lines.map((line) => (line.length > maxLength ? line.slice(0, maxLength + 1) : line))
    },
  }
}
