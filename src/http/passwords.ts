import { createHmac, randomBytes } from 'node:crypto'

export type PasswordCheck = 'right' | 'wrong' | 'busy'

/** Compares the user and password of an Authorization header with bcrypt hashes; rejects where the library cannot run. */
export interface Passwords {
  check(users: ReadonlyMap<string, string>, authorization: string | undefined): Promise<PasswordCheck>
}

/** Comparisons whose outcome is kept: right ones and wrong ones apart, so that guesses do not drive out what is right. */
const MAX_KEPT = 100
/** Comparisons that may wait for the one under way, of some tens of milliseconds each. */
const MAX_WAITING = 8

type CompareHash = (password: string, hash: string) => Promise<boolean>

/** The library has 5 MB of memory: it is loaded for those who have users. */
const compareBcrypt: CompareHash = async (password, hash) => {
  const { compare } = await import('@node-rs/bcrypt')
  // One that it cannot read is nobody's password.
  return compare(password, hash).catch(() => false)
}

/** One comparison at a time, in a thread of Node.js's pool; what is compared again is known. */
export function createPasswords(compareHash: CompareHash = compareBcrypt): Passwords {
  // What is kept says nothing of a password to who reads the memory, without this.
  const key = randomBytes(32)
  const kept = { right: new Set<string>(), wrong: new Set<string>() }
  const underWay = new Map<string, Promise<boolean>>()
  let last: Promise<unknown> = Promise.resolve()

  async function compareNext(id: string, password: string, hash: string): Promise<boolean> {
    const compared = last.then(() => compareHash(password, hash))
    last = compared.catch(() => {})
    underWay.set(id, compared)
    return compared.finally(() => underWay.delete(id))
  }

  return {
    async check(users, authorization) {
      const given = parseBasic(authorization)
      if (given === undefined) return 'wrong'
      const hash = users.get(given.user)
      // For a user that is not there the same work is done, so that the time tells nothing.
      const compared = hash ?? costliest([...users.values()])
      const parts = [given.user, String(hash !== undefined), compared, given.password]
      const id = createHmac('sha256', key).update(JSON.stringify(parts)).digest('base64')
      if (kept.right.has(id)) return 'right'
      if (kept.wrong.has(id)) return 'wrong'
      const found = underWay.get(id)
      if (found === undefined && underWay.size > MAX_WAITING) return 'busy'
      const isRight = (await (found ?? compareNext(id, given.password, compared))) && hash !== undefined
      const outcome = isRight ? 'right' : 'wrong'
      keep(kept[outcome], id)
      return outcome
    },
  }
}

function keep(set: Set<string>, id: string): void {
  const [oldest] = set
  if (set.size >= MAX_KEPT && oldest !== undefined) set.delete(oldest)
  set.add(id)
}

function costliest(hashes: readonly string[]): string {
  return hashes.reduce((most, hash) => (costOf(hash) > costOf(most) ? hash : most), '')
}

/** `$2y$10$…` → 10 */
function costOf(hash: string): number {
  return Number(hash.split('$')[2] ?? 0)
}

function parseBasic(
  authorization: string | undefined,
): { readonly user: string; readonly password: string } | undefined {
  const encoded = /^Basic +([A-Za-z0-9+/=_-]+) *$/i.exec(authorization ?? '')?.[1]
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) }
}
