/** Standard output and standard error. */
export interface Terminal {
  out(text: string): void
  err(text: string): void
  /** Shows a line in place of the one before, empty to take it away; only where standard error is a terminal. */
  readonly progress?: ((line: string) => void) | undefined
}
