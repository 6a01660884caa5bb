/** A way out of a state. @property rate Per second, > 0. */
export interface Transition<S> {
  readonly to: S
  readonly rate: number
}

/** Sum from which weights are scaled down: far from where a double ends, far above what still adds to it. */
const LARGE = 1e200

/**
 * Steady state of a Markov chain in continuous time.
 *
 * States are eliminated one by one by the method of Grassmann, Taksar and Heyman, which subtracts nothing and so keeps all
 * digits; only the envelope in which rates stand is worked on.
 *
 * Source: W. K. Grassmann, M. I. Taksar, D. P. Heyman, Operations Research 33 (1985).
 *
 * @param start Any state; all that can be reached from it can reach each other.
 * @param keyOf Tells states apart, and orders them: the nearer those with transitions, the less work.
 */
export function solveSteadyState<S>(
  start: S,
  transitionsOf: (state: S) => readonly Transition<S>[],
  keyOf: (state: S) => number,
): readonly { readonly state: S; readonly probability: number }[] {
  const found = new Map([[keyOf(start), { state: start, transitions: transitionsOf(start) }]])
  // A map goes on with what is added while it is walked.
  for (const { transitions } of found.values()) {
    for (const { to } of transitions) {
      const key = keyOf(to)
      if (!found.has(key)) found.set(key, { state: to, transitions: transitionsOf(to) })
    }
  }
  const ordered = [...found].sort(([a], [b]) => a - b)
  const indexOf = new Map(ordered.map(([key], index) => [key, index]))

  /** The lowest state that has a transition from or to this one, those by way of eliminated states included. */
  const lowest = Int32Array.from(ordered, (_, index) => index)
  const edges = ordered.flatMap(([, { transitions }], from) =>
    transitions.map(({ to, rate }) => ({ from, to: indexOf.get(keyOf(to)) as number, rate })),
  )
  for (const { from, to } of edges) {
    const higher = Math.max(from, to)
    lowest[higher] = Math.min(lowest[higher] as number, from, to)
  }
  for (let last = ordered.length - 1; last > 0; last -= 1) {
    const first = lowest[last] as number
    for (let state = first; state < last; state += 1) {
      lowest[state] = Math.min(lowest[state] as number, first)
    }
  }
  const band = lowest.reduce((widest, first, index) => Math.max(widest, index - first), 0)

  // The rate from one state to another is at rates[from * stride + to - from + band].
  const stride = 2 * band + 1
  const rates = new Float64Array(ordered.length * stride)
  for (const { from, to, rate } of edges) {
    const at = from * stride + to - from + band
    rates[at] = (rates[at] as number) + rate
  }
  const outOf = new Float64Array(ordered.length)
  for (let last = ordered.length - 1; last > 0; last -= 1) {
    const first = lowest[last] as number
    const lastRow = last * stride - last + band
    let out = 0
    for (let to = first; to < last; to += 1) out += rates[lastRow + to] as number
    outOf[last] = out
    for (let from = first; from < last; from += 1) {
      const row = from * stride - from + band
      const into = rates[row + last] as number
      if (into === 0) continue
      const factor = into / out
      // This adds to the rate from a state to itself, too: no one reads it.
      for (let to = first; to < last; to += 1) {
        rates[row + to] = (rates[row + to] as number) + factor * (rates[lastRow + to] as number)
      }
    }
  }

  const weights = new Float64Array(ordered.length)
  weights[0] = 1
  let total = 1
  for (let state = 1; state < ordered.length; state += 1) {
    let into = 0
    for (let from = lowest[state] as number; from < state; from += 1) {
      into += (weights[from] as number) * (rates[from * stride + state - from + band] as number)
    }
    weights[state] = into / (outOf[state] as number)
    total += weights[state] as number
    if (total > LARGE) {
      for (let other = 0; other <= state; other += 1) weights[other] = (weights[other] as number) / LARGE
      total /= LARGE
    }
  }
  return ordered.map(([, { state }], index) => ({ state, probability: (weights[index] as number) / total }))
}
