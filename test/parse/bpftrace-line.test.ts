import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseBpftraceLine } from '../../src/parse/bpftrace-line.js'

describe('a line of bpftrace/futex.bt', () => {
  test.each([
    [
      'frame 3322539610783 3323540941065',
      { kind: 'frame-begin', beginNs: 3322539610783n, endNs: 3323540941065n },
    ],
    ['frame-end 3323540941065 1', { kind: 'frame-end', endNs: 3323540941065n, cleared: ['lock'] }],
    ['frame-end 3323540941065 4', { kind: 'frame-end', endNs: 3323540941065n, cleared: ['wait1'] }],
    ['@a_total: 891', { kind: 'map-row', name: 'a_total', keys: [], values: [891n] }],
    ['@b_cpu[76]: 1', { kind: 'map-row', name: 'b_cpu', keys: [76n], values: [1n] }],
    [
      '@a_wait[15922, 93924855255808, 1]: count 891, average 2044346, total 1821512730',
      { kind: 'map-row', name: 'a_wait', keys: [15922n, 93924855255808n, 1n], values: [891n, 1821512730n] },
    ],
    [
      '@a_wait[14467, 94134251780256, 1]: { .count = 901, .average = 2030831, .total = 1829778753 }',
      { kind: 'map-row', name: 'a_wait', keys: [14467n, 94134251780256n, 1n], values: [901n, 1829778753n] },
    ],
    [
      '@wait[15922, 15933]: (3323540503032, 93924855255808, 1)',
      {
        kind: 'map-row',
        name: 'wait',
        keys: [15922n, 15933n],
        values: [3323540503032n, 93924855255808n, 1n],
      },
    ],
    ['Lost 42 events', { kind: 'lost-events', count: 42 }],
    ['Attaching 7 probes...', { kind: 'ignored' }],
    ['', { kind: 'ignored' }],
  ])('%s', (line, expected) => {
    expect(parseBpftraceLine(line)).toEqual(expected)
  })

  test.each([
    ['frame 1', 'MISSING_FIELD', 8],
    ['frame 1 2 3', 'TRAILING_TEXT', 10],
    ['frame 1x 2', 'BAD_INTEGER', 7],
    ['frame 12 3x', 'BAD_INTEGER', 10],
    ['frame-end 12', 'MISSING_FIELD', 13],
    ['frame-end 12 8', 'MISSING_FIELD', 15],
    ['frame-end x 0', 'BAD_INTEGER', 11],
    ['@a_cpu[76: 1', 'MISSING_FIELD', 13],
    ['@a_cpu[7x]: 1', 'BAD_INTEGER', 8],
    ['@a_watched[76, 0x7f]: 1', 'BAD_INTEGER', 16],
    ['@a_cpu[76] 1', 'MISSING_FIELD', 11],
    ['@a_cpu[76]: one', 'BAD_INTEGER', 13],
    ['@a_other[1]: count 5, average 1, total x', 'BAD_INTEGER', 40],
    ['@a_other[1]: count y, average 1, total 3', 'BAD_INTEGER', 20],
    ['@wait[1, 2]: (3, 4, z)', 'BAD_INTEGER', 21],
    ['@: 1', 'MISSING_FIELD', 2],
    ['hello', 'UNKNOWN_RECORD', 1],
  ])('%j is refused as %s at column %i', (line, code, column) => {
    expect(parseBpftraceLine(line)).toMatchObject({ kind: 'error', code, column })
  })

  test('never throws, and an error points into the line or just behind it', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string().map((rest) => `@a_wait[${rest}`),
      fc.string().map((rest) => `frame ${rest}`),
    )
    fc.assert(
      fc.property(text, (line) => {
        const record = parseBpftraceLine(line)
        if (record.kind === 'error') {
          expect(record.column).toBeGreaterThanOrEqual(1)
          expect(record.column).toBeLessThanOrEqual(line.length + 1)
          expect(record.message.length).toBeLessThan(200)
        }
      }),
    )
  })
})
