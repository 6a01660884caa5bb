import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ForeignProcess, openForeignProcess } from '../../src/foreign/foreign-process.js'
import { MAX_READ_BYTES, MAX_READS, type ProcessMemory } from '../../src/foreign/process-memory.js'
import { createRefusals } from '../../src/foreign/refusal.js'
import { needs } from '../e2e/support/requirements.js'
import { isRoot, run, runAsleep } from '../symbolize/waiting-process.js'
import { statusOf } from './process-files.js'

const refusals = createRefusals()
const LIBRARY = 'fe:00:42'
const MAPS = [
  '1000-2000 r--p 00000000 fe:00 42                         /srv/lib.so',
  '2000-3000 rw-p 00000000 00:00 0 ',
  '3000-4000 rw-p 00000000 00:00 0                          [heap]',
  '4000-5000 rw-s 00000000 00:01 7                          /dev/zero (deleted)',
  '5000-6000 r--p 00000000 fe:00 43                         /srv/other.so',
  '6000-7000 ---p 00000000 00:00 0 ',
  '7000-8000 r--p 00000000 00:00 0                          [vvar]',
  '9000-a000 rw-p 00000000 00:00 0                          [anon: glibc: malloc]',
  'b000-c000 rw-p 00000000 00:00 0 ',
  'ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0  [vsyscall]',
]

let procfs: string

const write = (name: string, text: string | Uint8Array) => writeFileSync(join(procfs, '7', name), text)

/** As of a process that started at this time, with this layout. */
function writeStat(startTicks: number, layout = 1, state = 'S'): void {
  const fields = Array.from({ length: 50 }, (_, i) => (i === 18 ? startTicks : i === 22 ? layout : 1))
  write('stat', `7 (shop d) ${state} ${fields.join(' ')}\n`)
}

beforeEach(() => {
  procfs = mkdtempSync(join(tmpdir(), 'amdahl-memory-'))
  mkdirSync(join(procfs, '7'))
  write('status', statusOf(65_534, 65_534))
  writeStat(100)
  write('maps', `${MAPS.join('\n')}\n`)
  // Ends within the mapping at 0xb000, as a file that was cut does.
  write(
    'mem',
    Uint8Array.from({ length: 0xb800 }, (_, i) => i >> 8),
  )
  symlinkSync('/srv/shopd', join(procfs, '7/exe'))
})

afterEach(() => {
  rmSync(procfs, { recursive: true })
  refusals.take()
})

function inProcess<T>(pid: number, look: (process: ForeignProcess) => T, root = '/proc'): T | undefined {
  const process = openForeignProcess(root, pid, refusals)
  try {
    return process && look(process)
  } finally {
    process?.close()
  }
}

const lookInto = <T>(look: (memory: ProcessMemory) => T) =>
  inProcess(7, (process) => process.lookIntoMemory(look), procfs)

/** The first byte, where all could be read. */
const read = (address: number, bytes: number, file = LIBRARY) =>
  lookInto((memory) => memory.read(file, BigInt(address), bytes)?.[0])

describe('the memory of a process', () => {
  test.each([
    ['of its library', 0x1000, 8, 0x10],
    ['without a name', 0x2500, 8, 0x25],
    ['of the heap', 0x3f00, 0x100, 0x3f],
    ['that has a name of its own', 0x9000, 8, 0x90],
    ['of some mappings that follow each other', 0x1f00, 0x1000, 0x1f],
    ['as much as is read at a time', 0x2000, MAX_READ_BYTES, 0x20],
  ])('%s is read', (_, address, bytes, first) => expect(read(address, bytes)).toEqual({ value: first }))

  test.each([
    ['that is shared', 0x4000, 8],
    ['of another file', 0x5000, 8],
    ['that it may not read itself', 0x6000, 8],
    ['of the kernel', 0x7000, 8],
    ['that is not mapped', 0x8000, 8],
    ['that is mapped in part', 0x8ffc, 8],
    ['at the end of what may be read', 0x3ffc, 8],
    ['beyond the end of its file', 0xb7fc, 8],
    ['below the first mapping', 0, 8],
    ['above the last one', 2 ** 64, 8],
    ['at the top', 0xffffffffff600000, 8],
    ['of nothing', 0x2000, 0],
    ['of more than is read at a time', 0x2000, MAX_READ_BYTES + 1],
    ['of no number', 0x2000, Number.NaN],
  ])('%s is not', (_, address, bytes) => {
    expect(read(address, bytes)).toEqual({ value: undefined })
    expect(refusals.take()).toEqual([])
  })

  test('is read a bounded number of times', () => {
    const found = lookInto((memory) => {
      let count = 0
      while (memory.read(LIBRARY, 0x2000n, 8)) count += 1
      return count
    })
    expect(found).toEqual({ value: MAX_READS })
  })

  test('has the mappings in it', () => {
    expect(lookInto((memory) => memory.mappings.map(({ path }) => path).slice(0, 3))).toEqual({
      value: ['/srv/lib.so', '', '[heap]'],
    })
  })
})

describe('a look into the memory', () => {
  test.each<[string, () => void]>([
    ['ends', () => writeStat(100, 1, 'Z')],
    ['gives its number to another one', () => writeStat(101)],
    ['runs another program in another place', () => writeStat(100, 2)],
    [
      'runs another program in the same place',
      () => {
        unlinkSync(join(procfs, '7/exe'))
        symlinkSync('/srv/other', join(procfs, '7/exe'))
      },
    ],
    ['is gone', () => unlinkSync(join(procfs, '7/stat'))],
  ])('shows nothing where the process %s meanwhile', (_, change) => {
    expect(lookInto(change)).toBeUndefined()
    expect(refusals.take()).toEqual([])
  })

  test('shows nothing of what is gone before, or has no memory', () => {
    unlinkSync(join(procfs, '7/mem'))
    expect(lookInto(() => 1)).toBeUndefined()
    writeStat(100, 1, 'Z')
    expect(lookInto(() => 1)).toBeUndefined()
    expect(refusals.take()).toEqual([])
  })

  test('shows nothing of another program than the one that ran first', () => {
    const look = (process: ForeignProcess) => {
      unlinkSync(join(procfs, '7/exe'))
      symlinkSync('/srv/other', join(procfs, '7/exe'))
      return process.lookIntoMemory(() => 1)
    }
    expect(inProcess(7, look, procfs)).toBeUndefined()
  })

  test('is refused where the mappings are more than are kept', () => {
    write('maps', Array.from({ length: 65_537 }, (_, i) => `${i}000-${i}001 rw-p 0 00:00 0 \n`).join(''))
    expect(lookInto(() => 1)).toBe('refused')
    expect(refusals.take()).toEqual([{ reason: 'too-large', path: '/proc/7/maps' }])
  })

  test('leaves no descriptor open, also where it fails', () => {
    const before = readdirSync('/proc/self/fd').length
    lookInto(() => 1)
    expect(() =>
      lookInto(() => {
        throw new RangeError('a bug')
      }),
    ).toThrow('a bug')
    expect(readdirSync('/proc/self/fd')).toHaveLength(before)
  })

  test('is none after the process was let go', () => {
    const process = openForeignProcess(procfs, 7, refusals)
    process?.close()
    expect(process?.lookIntoMemory(() => 1)).toBeUndefined()
  })
})

describe.skipIf(!isRoot() || !needs('mkfifo'))('the memory of a real process', () => {
  /** A shell that waits for a line in a pipe, and runs another program then. */
  async function shell() {
    const pipe = join(procfs, 'pipe')
    execFileSync('mkfifo', [pipe])
    const running = await run('sh', '-c', 'exec 3<>"$1"; echo; read line <&3; exec sleep 60', 'sh', pipe)
    return { ...running, pipe }
  }

  function waitFor(isReached: () => boolean): void {
    for (const end = performance.now() + 10_000; !isReached(); ) {
      if (performance.now() > end) throw new Error('the state was not reached')
    }
  }

  test('is gone with its end, and with the program', async () => {
    const { pid, pipe, stop } = await shell()
    const readStack = (memory: ProcessMemory) => {
      const stack = memory.mappings.find(({ path }) => path === '[stack]')
      return stack && memory.read('', stack.end - 64n, 64)?.length
    }
    /** What was read before and after something happens to the process, and what the look says of both. */
    const aroundOf = (happens: () => void) => {
      const seen: unknown[] = []
      const found = inProcess(pid, (process) =>
        process.lookIntoMemory((memory) => {
          seen.push(readStack(memory))
          happens()
          seen.push(readStack(memory))
        }),
      )
      return [...seen, found]
    }
    try {
      expect(aroundOf(() => {})).toEqual([64, 64, { value: undefined }])
      const replace = () => {
        writeFileSync(pipe, '\n', { flag: 'r+' })
        waitFor(() => readlinkSync(`/proc/${pid}/exe`).endsWith('sleep'))
      }
      expect(aroundOf(replace)).toEqual([64, undefined, undefined])
      expect(aroundOf(() => {})).toEqual([64, 64, { value: undefined }])
      const end = () => {
        process.kill(pid, 'SIGKILL')
        waitFor(() => readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z '))
      }
      expect(aroundOf(end)).toEqual([64, undefined, undefined])
      expect(refusals.take()).toEqual([])
    } finally {
      await stop()
    }
  })

  test('is refused to who may not read it, and that is counted', async () => {
    const one = await runAsleep()
    process.seteuid?.(65_534)
    try {
      expect(inProcess(one.pid, (process) => process.lookIntoMemory(() => 1))).toBe('refused')
      expect(refusals.take()).toEqual([{ reason: 'permission', path: `/proc/${one.pid}/mem` }])
    } finally {
      process.seteuid?.(0)
      await one.stop()
    }
  })
})
