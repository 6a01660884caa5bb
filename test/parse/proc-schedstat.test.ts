import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseProcSchedstat } from '../../src/parse/proc-schedstat.js'

describe('schedstat of a thread', () => {
  test('has the time on a CPU and the time waited for one', () => {
    // Read from Linux 6.18.
    expect(parseProcSchedstat('217098312 43317971 596\n')).toEqual({
      runSeconds: 0.217098312,
      readySeconds: 0.043317971,
    })
  })

  test('says nothing where the kernel does not count', () => {
    expect(parseProcSchedstat('0 0 0\n')).toBeUndefined()
    expect(parseProcSchedstat('0 0 1\n')).toEqual({ runSeconds: 0, readySeconds: 0 })
  })

  test.each(['', '1 2', '1 2 3 4', '1 -2 3', '1 x 3', '1\n2\n3', '0x1 2 3'])('%j is refused', (text) => {
    expect(parseProcSchedstat(text)).toMatchObject({ kind: 'error', message: 'expected three counts' })
  })

  test('whatever it holds, reading it never throws and never gives what is no number', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const stat = parseProcSchedstat(text)
        if (stat && !('kind' in stat)) expect(stat.runSeconds + stat.readySeconds).toBeGreaterThanOrEqual(0)
      }),
    )
  })
})
