/** Longest name or version of a target: both are labels. Characters. */
const MAX_LENGTH = 128

/** Text of another program as a label: short, and without control characters. */
export function labelText(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '\ufffd').slice(0, MAX_LENGTH)
}
