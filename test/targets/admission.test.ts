import fc from 'fast-check'
import { expect, test } from 'vitest'
import { admit, type Candidate } from '../../src/targets/admission.js'

const candidate = (name: string, recentSeconds: number): Candidate => ({ name, recentSeconds })

test('all come in while there is room, those first that are waited for most', () => {
  expect(admit([candidate('a', 1), candidate('b', 3), candidate('c', 2)], [candidate('x', 9)], 3)).toEqual({
    admitted: ['b', 'c'],
    removed: [],
    refused: ['a'],
  })
})

test('one that is waited for more than twice as much takes the place of the least', () => {
  const present = [candidate('x', 5), candidate('y', 1), candidate('z', 3)]
  expect(admit([candidate('a', 2.1)], present, 3)).toEqual({ admitted: ['a'], removed: ['y'], refused: [] })
  expect(admit([candidate('a', 2)], present, 3)).toEqual({ admitted: [], removed: [], refused: ['a'] })
})

test('without contention on either side what was first stays', () => {
  expect(admit([candidate('a', 0)], [candidate('x', 0)], 1)).toEqual({
    admitted: [],
    removed: [],
    refused: ['a'],
  })
})

test('a newcomer does not make room for another that is waited for less', () => {
  expect(admit([candidate('a', 5), candidate('b', 4)], [candidate('x', 1)], 1)).toEqual({
    admitted: ['a'],
    removed: ['x'],
    refused: ['b'],
  })
})

test('there are never more than fit, and nobody is forgotten', () => {
  const candidates = (prefix: string) =>
    fc
      .array(fc.nat(9), { maxLength: 8 })
      .map((queues) => queues.map((queue, index) => candidate(`${prefix}${index}`, queue)))
  fc.assert(
    fc.property(
      candidates('new'),
      candidates('old'),
      fc.integer({ min: 1, max: 9 }),
      (newcomers, present, max) => {
        const { admitted, removed, refused } = admit(newcomers, present, max)
        expect([...admitted, ...refused].sort()).toEqual(newcomers.map(({ name }) => name).sort())
        expect(present.map(({ name }) => name)).toEqual(expect.arrayContaining([...removed]))
        expect(present.length - removed.length + admitted.length).toBeLessThanOrEqual(
          Math.max(max, present.length),
        )
      },
    ),
  )
})
