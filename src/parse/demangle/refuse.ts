class NotUnderstood extends Error {}

/** Gives up on a name: it stays mangled. */
export function refuse(): never {
  throw new NotUnderstood()
}
