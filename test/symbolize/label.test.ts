import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MAX_LABEL, shortenLabel } from '../../src/symbolize/label.js'

describe('a label', () => {
  test('is whole where it is short', () => {
    expect(shortenLabel('libshop.so:', 'pool_lock', '+0x28')).toBe('libshop.so:pool_lock+0x28')
  })

  test('loses its template arguments first', () => {
    const name = `shop::Cache<${'std::pair<int, long>, '.repeat(9)}int>::operator<<`
    expect(shortenLabel('', name, '+0x1f')).toBe('shop::Cache<...>::operator<<+0x1f')
  })

  test('has the same length and a hash where it is still long', () => {
    const names = ['a', 'b'].map((middle) =>
      shortenLabel('', `${'x'.repeat(100)}${middle}${'y'.repeat(100)}`, '+0x1f'),
    )
    expect(names[0]).toMatch(/^x+~[0-9a-f]{8}~y+\+0x1f$/)
    expect(new Set(names).size).toBe(2)
  })

  test('is never too long, and has no control characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (name) => {
        const label = shortenLabel('libshop.so:', name, '+0x1f')
        expect(label.length).toBeLessThanOrEqual(MAX_LABEL)
        expect(label).not.toMatch(/\p{Cc}/u)
      }),
    )
  })
})
