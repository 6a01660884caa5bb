import type { State } from './panel.js'

export const REGIMES: readonly State[] = [
  { value: 'sequential', text: 'sequential', color: 'orange' },
  { value: 'parallel', text: 'parallel', color: 'blue' },
  { value: 'client', text: 'client', color: 'green' },
]

export const VERDICTS: readonly State[] = [
  { value: 'regressed', text: 'regressed', color: 'red' },
  { value: 'undecided', text: 'undecided', color: 'blue' },
  { value: 'unchanged', text: 'unchanged', color: 'gray' },
  { value: 'improved', text: 'improved', color: 'green' },
]

export const YES_NO: readonly State[] = [
  { value: '0', text: 'no', color: 'red' },
  { value: '1', text: 'yes', color: 'green' },
]

/** The same states by number, from 1 on. */
export function numbered(states: readonly State[]): State[] {
  return states.map((state, index) => ({ ...state, value: String(index + 1) }))
}

/**
 * The number of the state that holds, from one series for each state that is 1 or 0.
 *
 * @param label Whose value is the state.
 * @param series The series of one state.
 */
export function numberOf(
  states: readonly State[],
  label: string,
  series: (matcher: string) => string,
): string {
  const terms = states.map(({ value }, index) => `${index + 1} * ${series(`${label}="${value}"`)}`)
  return `sum without (${label}) (${terms.join(' or ')})`
}
