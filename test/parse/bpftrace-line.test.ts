import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseBpftraceLine } from '../../src/parse/bpftrace-line.js'

describe('a line of bpftrace/futex.bt', () => {
  test.each([
    [
      'frame 3322539610783 3323540941065',
      { kind: 'frame-begin', beginNs: 3322539610783n, endNs: 3323540941065n },
    ],
    ['frame-end 3323540941065 1', { kind: 'frame-end', endNs: 3323540941065n, isLockCleared: true }],
    ['frame-end 3323540941065 0', { kind: 'frame-end', endNs: 3323540941065n, isLockCleared: false }],
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
    ['Attached 12 probes', { kind: 'ignored' }],
    ['Attaching 1 probe...', { kind: 'ignored' }],
    ['@a_cpu[1]: -12', { kind: 'map-row', name: 'a_cpu', keys: [1n], values: [-12n] }],
    ['', { kind: 'ignored' }],
  ])('%s', (line, expected) => {
    expect(parseBpftraceLine(line)).toEqual(expected)
  })

  test.each([
    ['frame 1', 'MISSING_FIELD', 8, 'expected frame BEGIN END'],
    ['frame 1 2 3', 'TRAILING_TEXT', 10, 'unexpected " 3"'],
    ['frame 1x 2', 'BAD_INTEGER', 7, 'expected an integer, got "1x"'],
    ['frame x1 2', 'BAD_INTEGER', 7, 'expected an integer, got "x1"'],
    ['frame 12 3x', 'BAD_INTEGER', 10, 'expected an integer, got "3x"'],
    ['frame-end 12', 'MISSING_FIELD', 13, 'expected frame-end END CLEARED'],
    ['frame-end 12 8', 'MISSING_FIELD', 15, 'expected frame-end END CLEARED'],
    ['frame-end 12 1 2', 'TRAILING_TEXT', 15, 'unexpected " 2"'],
    ['frame-end x 0', 'BAD_INTEGER', 11, 'expected an integer, got "x"'],
    ['@a_cpu[76: 1', 'MISSING_FIELD', 13, 'expected ]'],
    ['@a_cpu[7x]: 1', 'BAD_INTEGER', 8, 'expected an integer, got "7x"'],
    ['@a_watched[76, 0x7f]: 1', 'BAD_INTEGER', 16, 'expected an integer, got "0x7f"'],
    ['@a_cpu[76] 1', 'MISSING_FIELD', 11, 'expected ": value"'],
    ['@a_cpu[76]:1', 'MISSING_FIELD', 11, 'expected ": value"'],
    ['@a_cpu[76]: one', 'BAD_INTEGER', 13, 'expected an integer, got "one"'],
    ['@a_other[1]: count 5, average 1, total x', 'BAD_INTEGER', 40, 'expected an integer, got "x"'],
    ['@a_other[1]: count y, average 1, total 3', 'BAD_INTEGER', 20, 'expected an integer, got "y"'],
    [
      '@a_other[1]: { .count = y, .average = 1, .total = 3 }',
      'BAD_INTEGER',
      25,
      'expected an integer, got "y"',
    ],
    ['@wait[1, 2]: (3, 4, z)', 'BAD_INTEGER', 21, 'expected an integer, got "z"'],
    ['@wait[1, 2]: (3, 4', 'BAD_INTEGER', 14, 'expected an integer, got "(3"'],
    ['@wait[1, 2]: 3(4)', 'BAD_INTEGER', 14, 'expected an integer, got "3(4)"'],
    ['@wait[1, 2]: (3)4', 'BAD_INTEGER', 14, 'expected an integer, got "(3)4"'],
    ['@other[1]: a count 5, average 1, total 3', 'BAD_INTEGER', 12, 'expected an integer, got "a count 5"'],
    ['@other[1]: count 5, average 1, total 3 4', 'BAD_INTEGER', 12, 'expected an integer, got "count 5"'],
    ['@@a_cpu[1]: 2', 'MISSING_FIELD', 2, 'expected @name[keys]: value, got "@@a_cpu[1]: 2"'],
    ['@wait[1, 2]: 3, 4)', 'BAD_INTEGER', 17, 'expected an integer, got "4)"'],
    ['@a_cpu[1]: 123456789012345678901', 'BAD_INTEGER', 12, expect.stringContaining('expected an integer')],
    ['@: 1', 'MISSING_FIELD', 2, 'expected @name[keys]: value, got "@: 1"'],
    ['@1[2]: 3', 'MISSING_FIELD', 2, 'expected @name[keys]: value, got "@1[2]: 3"'],
    ['hello', 'UNKNOWN_RECORD', 1, 'expected frame, frame-end or @map, got "hello"'],
    ['Lost 42 events!', 'UNKNOWN_RECORD', 1, expect.any(String)],
    ['I Lost 42 events', 'UNKNOWN_RECORD', 1, expect.any(String)],
    ['Attaching 7 probes... not', 'UNKNOWN_RECORD', 1, expect.any(String)],
    ['Now Attaching 7 probes...', 'UNKNOWN_RECORD', 1, expect.any(String)],
    [
      `x${'y'.repeat(40)}`,
      'UNKNOWN_RECORD',
      1,
      `expected frame, frame-end or @map, got "x${'y'.repeat(39)}…"`,
    ],
    [
      `x${'y'.repeat(39)}`,
      'UNKNOWN_RECORD',
      1,
      `expected frame, frame-end or @map, got "x${'y'.repeat(39)}"`,
    ],
  ])('%j is refused as %s at column %i', (line, code, column, message) => {
    expect(parseBpftraceLine(line)).toEqual({ kind: 'error', code, column, message })
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
