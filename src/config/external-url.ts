/** Where people find the exporter, such as behind a proxy. */
export interface ExternalUrl {
  /** Scheme, host and port. */
  readonly origin: string
  /** Without port. */
  readonly host: string
  /** Before all paths; empty, or begins with a slash and ends without one. */
  readonly prefix: string
}

/** Parses `https://example.org/amdahl/`; undefined if it is no such address. */
export function parseExternalUrl(text: string): ExternalUrl | undefined {
  if (!URL.canParse(text)) return undefined
  const { protocol, origin, hostname, pathname, search, hash, username, password } = new URL(text)
  const isPlain = [search, hash, username, password].every((part) => part === '')
  if (!isPlain || !/^https?:$/.test(protocol) || !/^(?:\/[\w.~-]+)*\/?$/.test(pathname)) return undefined
  return { origin, host: hostname, prefix: pathname.replace(/\/$/, '') }
}
