/** A target, or what would be one, as far as it competes for a place. */
export interface Candidate {
  readonly name: string
  /** How much it is waited for, lately: ∫ waiters dt; without a tracer the CPU time that it uses. Seconds. */
  readonly recentSeconds: number
  /** Whether an ordinary user may have chosen its name, and so may make any number of them. */
  readonly isUserNamed: boolean
}

/** Who comes in, who makes room, and who finds none. Names. */
export interface Admission {
  readonly admitted: readonly string[]
  readonly removed: readonly string[]
  readonly refused: readonly string[]
}

/** A target takes the place of another only if it is waited for, or runs, so much more. */
const REPLACEMENT_FACTOR = 2

/**
 * Lets newcomers in, those first that are waited for most, as many as there is room for. Where there is none, the
 * present target that is waited for least makes room; without contention on either side, what was first stays.
 * Rules, and units and containers of the machine, come before what users name, however much that is waited for.
 */
export function admit(
  newcomers: readonly Candidate[],
  present: readonly Candidate[],
  maxTargets: number,
): Admission {
  const staying = new Map(present.map((target) => [target.name, target]))
  const admitted: string[] = []
  const removed: string[] = []
  const refused: string[] = []
  const ranked = [...newcomers].sort((a, b) => byWorth(b, a))
  for (const newcomer of ranked) {
    const { name } = newcomer
    if (staying.size + admitted.length < maxTargets) {
      admitted.push(name)
      continue
    }
    const least = [...staying.values()].reduce<Candidate | undefined>(
      (a, b) => (a && byWorth(a, b) <= 0 ? a : b),
      undefined,
    )
    if (!least || !replaces(newcomer, least)) {
      refused.push(name)
      continue
    }
    staying.delete(least.name)
    removed.push(least.name)
    admitted.push(name)
  }
  return { admitted, removed, refused }
}

/** The less worth a place first. */
export function byWorth(a: Omit<Candidate, 'name'>, b: Omit<Candidate, 'name'>): number {
  return Number(b.isUserNamed) - Number(a.isUserNamed) || a.recentSeconds - b.recentSeconds
}

function replaces(newcomer: Candidate, present: Candidate): boolean {
  if (newcomer.isUserNamed !== present.isUserNamed) return present.isUserNamed
  return newcomer.recentSeconds > REPLACEMENT_FACTOR * present.recentSeconds
}
