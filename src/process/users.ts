import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Names of users by number, as passwd(5) of the machine has them; read again at most once a minute. */
export function createUsers(rootfs: string, monotonicNs: () => bigint): (uid: number) => string | undefined {
  const path = join(rootfs, 'etc/passwd')
  let names = new Map<number, string>()
  let readNs: bigint | undefined

  function read(): void {
    readNs = monotonicNs()
    let text: string
    try {
      text = readFileSync(path, 'utf8')
    } catch {
      // Users without a passwd file have numbers only.
      return
    }
    names = new Map(
      text.split('\n').flatMap((line) => {
        const [name = '', , uid] = line.split(':')
        return uid !== undefined && /^\d+$/.test(uid) ? [[Number(uid), name] as const] : []
      }),
    )
  }

  return (uid) => {
    const isOld = readNs === undefined || monotonicNs() - readNs > 60_000_000_000n
    if (!names.has(uid) && isOld) read()
    return names.get(uid)
  }
}
