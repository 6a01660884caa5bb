import { describe, expect, test } from 'vitest'
import { headroom, regime, throughputBound } from '../../src/model/bounds.js'

describe('asymptotic bounds (eq. 18)', () => {
  test('the lock, the CPUs, the clients', () => {
    expect(throughputBound(10, 0.1, 4, 0.4, 0.5)).toBeCloseTo(1 / 0.2, 12)
    expect(throughputBound(10, 0.1, 4, 0.4, 0.9)).toBeCloseTo(4 / 0.4, 12)
    expect(throughputBound(2, 0.1, 4, 0.4, 0.9)).toBeCloseTo(2 / 0.5, 12)
    expect(throughputBound(10, 0, 4, 0.4, 1)).toBeCloseTo(10, 12)
  })

  test('headroom is the distance to the bound of the fullest resource', () => {
    expect(headroom(0.5)).toBe(2)
    expect(() => headroom(0)).toThrow(RangeError)
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
