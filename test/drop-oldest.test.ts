import { describe, expect, test } from 'vitest'
import { dropOldest } from '../src/drop-oldest.js'

describe('dropping the oldest', () => {
  test('leaves what was put in last', () => {
    const map = new Map([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ])
    map.delete('a')
    map.set('a', 4)
    expect(dropOldest(map, 2)).toEqual(['b'])
    expect([...map]).toEqual([
      ['c', 3],
      ['a', 4],
    ])
  })

  test('drops as many as there are too many', () => {
    const set = new Set([1, 2, 3, 4])
    expect(dropOldest(set, 1)).toEqual([1, 2, 3])
    expect([...set]).toEqual([4])
    expect(dropOldest(set, 0)).toEqual([4])
    expect(set.size).toBe(0)
  })

  test('drops nothing where there is room', () => {
    const set = new Set([1, 2])
    expect(dropOldest(set, 2)).toEqual([])
    expect(set.size).toBe(2)
    expect(dropOldest(new Map(), 0)).toEqual([])
  })
})
