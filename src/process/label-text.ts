/** Longest name or version of a target: both are labels. Characters. */
const MAX_LENGTH = 128

/** Text of another program as a label: short, without control characters, and without halves of characters. */
export function labelText(text: string): string {
  return text.slice(0, MAX_LENGTH).replaceAll(/[\p{Cc}\p{Cs}]/gu, '\ufffd')
}
