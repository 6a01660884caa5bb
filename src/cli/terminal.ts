/** Standard output and standard error. */
export interface Terminal {
  out(text: string): void
  err(text: string): void
}
