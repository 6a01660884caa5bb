import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { LOCK_FAMILIES, type WaitShape, type WordTest } from '../../src/runtimes/lock-family.js'
import { RUNTIME_REASONS, RUNTIME_STATES } from '../../src/runtimes/recognise.js'
import type { RuntimeFiles } from '../../src/runtimes/runtime.js'
import { RUNTIMES } from '../../src/runtimes/runtime-table.js'

const PAGE = readFileSync('docs/coverage.md', 'utf8')

/** Cells of the rows of a section's table. */
function rowsOf(heading: string): readonly (readonly string[])[] {
  const section = PAGE.split('\n## ').find((part) => part.startsWith(heading)) ?? PAGE.split('\n## ')[0] ?? ''
  return [...section.matchAll(/^\| (`.*)\|$/gm)].map(([, row = '']) =>
    row.split('|').map((cell) => cell.trim()),
  )
}

const code = (texts: readonly string[]) => texts.map((text) => `\`${text}\``).join(', ')

function stateOf({ untraced }: RuntimeFiles, families: readonly (keyof typeof LOCK_FAMILIES)[]): string {
  if (families.every((family) => LOCK_FAMILIES[family] !== undefined)) return 'recognised'
  const refused = `refused: \`${untraced === 'unclassifiable' ? 'unclassifiable-runtime' : untraced}\``
  if (families.includes('go-mutex'))
    return `refused: \`hidden-locks\` once its runtime is looked into; until then \`unclassifiable-runtime\``
  if (!families.includes('interpreter-lock')) return refused
  return families.length === 1
    ? `recognised once its lock is found; until then ${refused}`
    : 'refused: `hidden-locks` once its lock is found; until then `unclassifiable-runtime`'
}

function describeWord({ mask, atLeast }: WordTest): string {
  const number = atLeast < 10 ? atLeast : `0x${atLeast.toString(16)}`
  return mask === 0xffffffff ? `w ≥ ${number}` : `w & 0x${mask.toString(16)} ≥ ${number}`
}

function describeShape(name: string, shape: WaitShape | undefined): readonly string[] {
  const isTold = name === 'interpreter-lock' || name === 'go-mutex'
  if (!shape) return ['', '', '', '', isTold ? 'once it is found' : 'no']
  const { operations, expected, waitOffset, held, contended } = shape
  const calls = code(operations.map((operation) => `0x${operation.toString(16)}`))
  const place = waitOffset === 0 ? '' : `, ${waitOffset} bytes after w`
  const value =
    expected === undefined ? 'any' : expected < 10 ? String(expected) : `0x${expected.toString(16)}`
  return [`${calls}${place}`, value, describeWord(held), describeWord(contended), 'yes']
}

describe('the page of what is covered', () => {
  test('has a row for each runtime, with its locks and its state', () => {
    const expected = RUNTIMES.filter(({ recognition }) => recognition).map((runtime) => {
      const families = typeof runtime.locks === 'function' ? runtime.locks(undefined) : runtime.locks
      return [code([runtime.name]), code(families), stateOf(runtime, families)]
    })
    expect(rowsOf('Runtimes').map(([name, , locks, state]) => [name, locks?.split(';')[0], state])).toEqual(
      expected,
    )
  })

  test('has a row for each family of locks, with the shape of a wait', () => {
    const expected = Object.entries<WaitShape | undefined>(LOCK_FAMILIES).map(([name, shape]) => [
      code([name]),
      ...describeShape(name, shape),
    ])
    expect(rowsOf('Locks')).toEqual(expected)
  })

  test('has each state and each reason', () => {
    const rows = rowsOf('What is recognised')
    expect(new Set(rows.map(([state]) => state))).toEqual(
      new Set(RUNTIME_STATES.map((state) => code([state]))),
    )
    expect(rows.flatMap(([, reason]) => reason || [])).toEqual(
      RUNTIME_REASONS.map((reason) => code([reason])),
    )
  })
})
