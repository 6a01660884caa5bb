import { isIPv4, isIPv6 } from 'node:net'

/** Where to accept connections. */
export interface ListenAddress {
  /** Undefined: all interfaces, IPv4 and IPv6. */
  readonly host: string | undefined
  /** 0 lets the system choose. */
  readonly port: number
}

const HOST_AND_PORT = /^(?:\[(?<ipv6>[^\]]+)\]|(?<host>[A-Za-z0-9.-]*)):(?<port>\d{1,5})$/

/** Parses `:10967`, `127.0.0.1:10967`, `[::1]:10967` and `localhost:10967`; undefined if it is none of these. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const { ipv6, host, port: digits } = HOST_AND_PORT.exec(text)?.groups ?? {}
  const port = Number(digits)
  if (digits === undefined || port > 65_535) return undefined
  if (ipv6 !== undefined) return isIPv6(ipv6) ? { host: ipv6, port } : undefined
  if (host === undefined || host === '') return { host: undefined, port }
  const looksNumeric = /^[0-9.]+$/.test(host)
  return looksNumeric && !isIPv4(host) ? undefined : { host, port }
}

/** As parseListenAddress reads it. */
export function describeListenAddress({ host = '', port }: ListenAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
