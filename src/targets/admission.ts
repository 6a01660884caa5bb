/** A target, or what would be one, as far as it competes for a place. */
export interface Candidate {
  readonly name: string
  /** How much it is waited for, lately: ∫ waiters dt; without a tracer the CPU time that it uses. Seconds. */
  readonly recentSeconds: number
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
 */
export function admit(
  newcomers: readonly Candidate[],
  present: readonly Candidate[],
  maxTargets: number,
): Admission {
  const staying = new Map(present.map((target) => [target.name, target.recentSeconds]))
  const admitted: string[] = []
  const removed: string[] = []
  const refused: string[] = []
  const ranked = [...newcomers].sort((a, b) => b.recentSeconds - a.recentSeconds)
  for (const { name, recentSeconds } of ranked) {
    if (staying.size + admitted.length < maxTargets) {
      admitted.push(name)
      continue
    }
    const least = [...staying].reduce<readonly [string, number] | undefined>(
      (a, b) => (a && a[1] <= b[1] ? a : b),
      undefined,
    )
    if (!least || recentSeconds <= REPLACEMENT_FACTOR * least[1]) {
      refused.push(name)
      continue
    }
    staying.delete(least[0])
    removed.push(least[0])
    admitted.push(name)
  }
  return { admitted, removed, refused }
}
