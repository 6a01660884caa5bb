import fc from 'fast-check'
import { expect, test } from 'vitest'
import { admit, type Candidate } from '../../src/targets/admission.js'

const candidate = (name: string, recentSeconds: number, isUserNamed = false): Candidate => ({
  name,
  recentSeconds,
  isUserNamed,
})

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

test('what users name makes room for all else, and takes the place of nothing else', () => {
  const units = [candidate('unit', 0), candidate('rule', 0)]
  const commands = Array.from({ length: 10_000 }, (_, index) => candidate(`c${index}`, 100 + index, true))
  expect(admit(commands, units, 2)).toMatchObject({ admitted: [], removed: [] })
  expect(admit([...commands, candidate('container', 0)], units, 3)).toMatchObject({ admitted: ['container'] })
  expect(admit(units, commands.slice(0, 3), 3)).toEqual({
    admitted: ['unit', 'rule'],
    removed: ['c0', 'c1'],
    refused: [],
  })
})

test('there are never more than fit, and nobody is forgotten', () => {
  const candidates = (prefix: string) =>
    fc
      .array(fc.nat(19), { maxLength: 8 })
      .map((queues) => queues.map((queue, index) => candidate(`${prefix}${index}`, queue % 10, queue > 9)))
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
