import { describe, expect, test } from 'vitest'
import { headroom, regime, throughputBound } from '../../src/model/bounds.js'

describe('asymptotic bounds (eq. 18)', () => {
  test('the lock, the CPUs, the clients', () => {
    expect(throughputBound(10, 0.1, 4, 0.4, 0.5)).toBeCloseTo(1 / 0.2, 12)
    expect(throughputBound(10, 0.1, 4, 0.4, 0.9)).toBeCloseTo(4 / 0.4, 12)
    expect(throughputBound(2, 0.1, 4, 0.4, 0.9)).toBeCloseTo(2 / 0.5, 12)
    expect(throughputBound(10, 0, 4, 0.4, 1)).toBeCloseTo(10, 12)
  })

  test('headroom is the distance to the nearer bound', () => {
    expect(headroom(0.5, 0.25)).toBe(2)
    expect(headroom(0.1, 0.8)).toBe(1.25)
    expect(headroom(0, 0)).toBeUndefined()
    expect(() => headroom(-1, 1)).toThrow(RangeError)
    expect(() => headroom(0, 1.1)).toThrow(RangeError)
  })

  test.each([
    [0.97, 0.6, 'sequential'],
    [0.2, 0.98, 'parallel'],
    [0.3, 0.4, 'client'],
    [0.95, 0.95, 'sequential'],
  ] as const)('U_s = %f, U = %f: %s', (serial, cpu, expected) => {
    expect(regime(serial, cpu, 0.9)).toBe(expected)
  })
})
