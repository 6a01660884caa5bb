import { isIP, isIPv6 } from 'node:net'

/** Whether a name of a Host header is this machine's: others may be made to lead here by who owns them. */
export type IsKnownHost = (host: string) => boolean

/** @param names Of this machine, and those under which it is reached. */
export function createKnownHosts(names: readonly string[]): IsKnownHost {
  const known = new Set(names.flatMap((name) => [name.toLowerCase(), name.toLowerCase().split('.')[0]]))
  return (host) => {
    const name = hostName(host)
    return isIP(name) > 0 || name === 'localhost' || name.endsWith('.localhost') || known.has(name)
  }
}

/** `[::1]:80` → ::1, `Web1.example.:80` → web1.example */
function hostName(host: string): string {
  const [, ipv6, name = ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(host.trim()) ?? []
  return ipv6 === undefined ? name.toLowerCase().replace(/\.$/, '') : isIPv6(ipv6) ? ipv6 : ''
}
