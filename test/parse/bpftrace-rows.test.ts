import { describe, expect, test } from 'vitest'
import type { MapRow } from '../../src/parse/bpftrace-line.js'
import { addRow, createFrameRows, noLockRows } from '../../src/parse/bpftrace-rows.js'

const PID = 7n
const LOCK = 4096n

function row(name: string, keys: readonly bigint[], values: readonly bigint[]): MapRow {
  return { kind: 'map-row', name, keys, values }
}

/** A frame from 1 s to 2 s with these rows, and the errors. */
function frameOf(rows: readonly MapRow[]) {
  const frame = createFrameRows(1_000_000_000n, 2_000_000_000n, 0)
  const errors = rows.map((one) => addRow(frame, one)).filter((error) => error !== undefined)
  const process = frame.processes.get(Number(PID))
  return { frame, errors, process, lock: process?.locks.get(LOCK) }
}

test('a new frame has what was lost before it, and nothing else', () => {
  expect(createFrameRows(1n, 2n, 3)).toEqual({
    beginNs: 1n,
    endNs: 2n,
    processes: new Map(),
    rows: 0,
    rowsOfMap: new Map(),
    lostEvents: 3,
    lockWaits: 0,
    total: 0,
  })
})

describe.each(['a', 'b'])('the maps of half %s', (half) => {
  test.each([
    [0n, { watchedSamples: 42 }],
    [1n, { watchedSamples: 42, ownedSamples: 42 }],
    [2n, { watchedSamples: 42, heldSamples: 42 }],
    [3n, { watchedSamples: 42, heldSamples: 42, ownerOffCpuSamples: 42 }],
    [4n, { watchedSamples: 42, heldSamples: 42, ownerOffCpuSamples: 42, ownerAsleepSamples: 42 }],
  ])('owner holds the samples of a lock by the state %d of its owner', (state, samples) => {
    const { lock, errors } = frameOf([row(`${half}_owner`, [PID, LOCK, state], [42n])])
    expect(errors).toEqual([])
    expect(lock).toEqual({ ...noLockRows(), ...samples })
  })

  test('owner holds one row for each state: they are added up', () => {
    const states = [0n, 1n, 2n, 3n, 4n].map((state) =>
      row(`${half}_owner`, [PID, LOCK, state], [10n + state]),
    )
    expect(frameOf(states).lock).toMatchObject({
      watchedSamples: 60,
      ownedSamples: 11,
      heldSamples: 39,
      ownerOffCpuSamples: 27,
      ownerAsleepSamples: 14,
    })
  })

  test('thread holds the samples of each thread', () => {
    const { process } = frameOf([
      row(`${half}_thread`, [PID, 8n], [42n]),
      row(`${half}_thread`, [PID, 9n], [3n]),
    ])
    expect(process?.threads).toEqual(
      new Map([
        [8, 42],
        [9, 3],
      ]),
    )
  })

  test('lost holds the waits that found no room', () => {
    expect(frameOf([row(`${half}_lost`, [], [42n])]).frame.lostEvents).toBe(42)
  })

  test('cpu holds the samples of a process', () => {
    const { process } = frameOf([row(`${half}_cpu`, [PID], [42n])])
    expect(process).toEqual({ cpuSamples: 42, threads: new Map(), waits: new Map(), locks: new Map() })
  })

  test('total holds the number of lock waits', () => {
    const { frame } = frameOf([row(`${half}_total`, [], [42n])])
    expect(frame).toMatchObject({ total: 42, lockWaits: 0, rows: 1, lostEvents: 0 })
  })

  test('wait holds the waits of a lock by class: they are added up', () => {
    const { frame, process, lock } = frameOf([
      row(`${half}_wait`, [PID, LOCK, 1n], [2n, 500_000_000n]),
      row(`${half}_wait`, [PID, LOCK, 2n], [3n, 250_000_000n]),
      row(`${half}_wait`, [PID, LOCK + 1n, 1n], [4n, 125_000_000n]),
    ])
    expect(lock).toMatchObject({ waits: 5, waitNs: 750_000_000 })
    expect(process?.waits).toEqual(
      new Map([
        ['mutex', { waits: 6, waitSeconds: 0.625 }],
        ['timed-mutex', { waits: 3, waitSeconds: 0.25 }],
      ]),
    )
    expect(frame.lockWaits).toBe(9)
  })

  test('other holds the waits of a process for no lock', () => {
    const { frame, process } = frameOf([row(`${half}_other`, [PID], [2n, 500_000_000n])])
    expect(process?.waits).toEqual(new Map([['other', { waits: 2, waitSeconds: 0.5 }]]))
    expect(process?.locks.size).toBe(0)
    expect(frame.lockWaits).toBe(0)
  })
})

test('processes and locks are told apart', () => {
  const { frame } = frameOf([
    row('a_owner', [1n, 10n, 2n], [1n]),
    row('a_owner', [2n, 10n, 2n], [2n]),
    row('a_owner', [2n, 11n, 2n], [3n]),
  ])
  const held = [...frame.processes].map(([pid, { locks }]) => [
    pid,
    [...locks].map(([address, { heldSamples }]) => [address, heldSamples]),
  ])
  expect(held).toEqual([
    [1, [[10n, 1]]],
    [
      2,
      [
        [10n, 2],
        [11n, 3],
      ],
    ],
  ])
})

describe('a wait in flight', () => {
  test('belongs to its lock, by thread: a later row takes the place of an earlier one', () => {
    const { lock } = frameOf([
      row('wait', [PID, 8n], [1_100_000_000n, LOCK, 1n]),
      row('wait', [PID, 9n], [1_200_000_000n, LOCK, 1n]),
      row('wait', [PID, 8n], [1_400_000_000n, LOCK, 1n]),
    ])
    expect(lock?.inFlight).toEqual(
      new Map([
        [8n, 1_400_000_000n],
        [9n, 1_200_000_000n],
      ]),
    )
  })

  test.each([
    ['one, just before the border', 1_999_999_999n, 1],
    ["the next interval's, at the border", 2_000_000_000n, undefined],
    ["the next interval's, after it", 2_000_000_001n, undefined],
  ])('is %s', (_, startNs, waits) => {
    const { lock } = frameOf([row('wait', [PID, 8n], [startNs, LOCK, 1n])])
    expect(lock?.inFlight.size).toBe(waits)
  })
})

test('the map lock has what was summed up since its last reset', () => {
  const { lock, process } = frameOf([row('lock', [PID, LOCK], [1_500_000_000n, 300n, 20n])])
  expect(lock).toEqual({
    ...noLockRows(),
    sinceReset: { lastEndNs: 1_500_000_000n, contendedNs: 300, handOverNs: 20 },
  })
  expect(process?.waits.size).toBe(0)
})

describe('refused', () => {
  test('is a map of another name', () => {
    const { frame, errors } = frameOf([row('slot', [1n, 2n], [3n])])
    expect(errors).toEqual([
      {
        kind: 'error',
        code: 'UNKNOWN_RECORD',
        column: 2,
        message: 'no map of this script is named @slot',
      },
    ])
    expect(frame).toMatchObject({ rows: 0, lostEvents: 0 })
  })

  test.each([
    ['a_total', 0, 1],
    ['a_wait', 3, 2],
    ['a_other', 1, 2],
    ['a_cpu', 1, 1],
    ['a_thread', 2, 1],
    ['a_owner', 3, 1],
    ['a_lost', 0, 1],
    ['wait', 2, 3],
    ['lock', 2, 3],
  ])('is a row of %s without its %d keys and %d values, and counted as lost', (name, keys, values) => {
    const some = (count: number) => Array.from({ length: count }, () => 1n)
    const shapes = [
      [keys + 1, values],
      [keys, values + 1],
      [keys, values - 1],
    ] as const
    const { frame, errors } = frameOf(
      shapes.map(([keyCount, valueCount]) => row(name, some(keyCount), some(valueCount))),
    )
    expect(errors).toMatchObject(
      shapes.map(([keyCount, valueCount]) => ({
        code: 'MISSING_FIELD',
        column: 2,
        message: `@${name} has ${keyCount} keys and ${valueCount} values`,
      })),
    )
    expect(frame).toMatchObject({ rows: 0, lostEvents: 3 })
    expect(frameOf([row(name, some(keys), some(values))]).errors).toEqual([])
  })

  test.each([0n, 13n, -1n])('is a lock wait of class %d', (classNumber) => {
    const { frame, errors } = frameOf([row('a_wait', [PID, LOCK, classNumber], [1n, 1n])])
    expect(errors).toMatchObject([
      { code: 'BAD_INTEGER', column: 2, message: `no lock class ${classNumber}` },
    ])
    expect(frame.lockWaits).toBe(0)
    expect(frame.processes.size).toBe(0)
  })
})

test('rows beyond 300 000 are dropped and counted as lost', () => {
  const frame = createFrameRows(1n, 2n, 0)
  const one = row('a_cpu', [PID], [1n])
  for (let index = 0; index < 300_000; index += 1) addRow(frame, one)
  expect(frame.lostEvents).toBe(0)
  for (let index = 0; index < 3; index += 1) {
    expect(addRow(frame, row('a_cpu', [8n], [1n]))).toBeUndefined()
  }
  expect(frame.lostEvents).toBe(3)
  expect([...frame.processes.keys()]).toEqual([7])
})
