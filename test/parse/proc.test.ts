import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createLineSplitter } from '../../src/parse/line-splitter.js'
import { parseProcMaps } from '../../src/parse/proc-maps.js'
import { parseProcPidStat } from '../../src/parse/proc-pid-stat.js'
import { busySeconds, parseProcStat } from '../../src/parse/proc-stat.js'

describe('/proc/stat', () => {
  const text = [
    'cpu  10132153 290696 3084719 46828483 16683 400 25195 175628 150000 1000',
    'cpu0 1393280 32966 572056 13343292 6130 0 17875 23933 0 0',
    'cpu2 1393280 32966 572056 13343292 6130 0 17875 23933 0 0',
    'intr 1462898 1 2 3',
    'cpux 1',
  ].join('\n')

  test('gives every field in seconds, and counts the CPUs that are online', () => {
    expect(parseProcStat(text)).toEqual({
      user: 101321.53,
      nice: 2906.96,
      system: 30847.19,
      idle: 468284.83,
      iowait: 166.83,
      irq: 4,
      softirq: 251.95,
      steal: 1756.28,
      guest: 1500,
      guestNice: 10,
      onlineCpus: 2,
      cpus: new Map([
        [0, { busySeconds: 20_161.77, totalSeconds: 153_895.32 }],
        [2, { busySeconds: 20_161.77, totalSeconds: 153_895.32 }],
      ]),
    })
  })

  test('busy is all but idle and iowait, with guest time once and steal apart', () => {
    const times = parseProcStat(text)
    if ('kind' in times) throw new Error(times.message)
    expect(busySeconds(times)).toBeCloseTo(101321.53 + 2906.96 + 30847.19 + 4 + 251.95, 6)
  })

  test('takes the four fields of an old kernel', () => {
    expect(parseProcStat('cpu 100 0 200 300\ncpu0 100 0 200 300\n')).toMatchObject({
      user: 1,
      steal: 0,
      onlineCpus: 1,
    })
  })

  test.each([
    ['', 'no line starts with "cpu "'],
    ['cpu 1 2 3\n', 'expected 4 fields or more, got 3'],
    ['cpu 1 2 -3 4\ncpu0 1 2 3 4', 'system is not a count: "-3"'],
    ['cpu 1 2 3 4\ncpu0 1 2 x 4', 'cpu0 has a field that is not a count'],
    ['cpu 1 2 3 4\nintr 1\n', 'no cpuN line'],
  ])('%j is refused: %s', (broken, message) => {
    expect(parseProcStat(broken)).toMatchObject({ kind: 'error', message })
  })

  test('never throws', () => {
    fc.assert(fc.property(fc.string(), (any) => void parseProcStat(`cpu ${any}`)))
  })
})

describe('/proc/PID/stat', () => {
  const rest = 'S 41 2 3 0 -1 4194560 10 20 0 0 1234 567 150 25 20 0 4 0 98765 1000 200 9 111 222 333 4'

  test.each(['shopd', 'a b', 'a) S (b', ') ', '((('])('reads around the command name %j', (comm) => {
    expect(parseProcPidStat(`42 (${comm}) ${rest}`)).toEqual({
      pid: 42,
      comm,
      parentPid: 41,
      cpuSeconds: 18.01,
      endedChildrenCpuSeconds: 1.75,
      threadCount: 4,
      startSeconds: 987.65,
      layout: '111:333',
      hasEnded: false,
    })
  })

  test.each(['', '42', '42 (a) S 1 2', 'x (a) S 1', '42 (a)'])('%j is refused', (text) => {
    expect(parseProcPidStat(text)).toMatchObject({ kind: 'error' })
  })
})

describe('/proc/PID/maps', () => {
  test('gives ranges, offsets and paths, and leaves other lines out', () => {
    const text = [
      '55d0c8a00000-55d0c8a01000 r-xp 00000000 fe:00 1234                       /srv/shop/bin/shop d',
      '7ffd2a1b2000-7ffd2a1d3000 rw-p 00000000 00:00 0                          [stack]',
      '7f0000000000-7f0000001000 ---p 00000000 00:00 0 ',
      '7f1000000000-7f1000004000 rw-s 00002000 00:01 3078                       /dev/zero (deleted)',
      'Size: 4 kB',
    ].join('\n')
    const PRIVATE = { isReadable: true, isExecutable: false, isShared: false, file: '00:00:0' }
    expect(parseProcMaps(text)).toEqual([
      {
        begin: 0x55d0c8a00000n,
        end: 0x55d0c8a01000n,
        offset: 0n,
        path: '/srv/shop/bin/shop d',
        isReadable: true,
        isExecutable: true,
        isShared: false,
        file: 'fe:00:1234',
      },
      { begin: 0x7ffd2a1b2000n, end: 0x7ffd2a1d3000n, offset: 0n, path: '[stack]', ...PRIVATE },
      { begin: 0x7f0000000000n, end: 0x7f0000001000n, offset: 0n, path: '', ...PRIVATE, isReadable: false },
      {
        begin: 0x7f1000000000n,
        end: 0x7f1000004000n,
        offset: 0x2000n,
        path: '/dev/zero (deleted)',
        isReadable: true,
        isExecutable: false,
        isShared: true,
        file: '00:01:3078',
      },
    ])
  })
})

describe('cutting a stream into lines', () => {
  test('gives the same lines however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string().filter((s) => !s.includes('\n') && s.length < 20)),
        fc.nat(7),
        (lines, size) => {
          const text = lines.map((line) => `${line}\n`).join('')
          const splitter = createLineSplitter(100)
          const got: string[] = []
          for (let at = 0; at < text.length; at += size + 1)
            got.push(...splitter.push(text.slice(at, at + size + 1)))
          expect(got).toEqual(lines)
        },
      ),
    )
  })

  test('keeps a line without end in bounded memory, and marks it too long by one character', () => {
    const splitter = createLineSplitter(10)
    for (let i = 0; i < 1000; i += 1) splitter.push('x'.repeat(1000))
    expect(splitter.push('\nshort\n').map((line) => line.length)).toEqual([11, 5])
  })
})
