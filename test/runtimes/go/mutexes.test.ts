import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { placeOfCaller, readContendedMutexes } from '../../../src/runtimes/go/mutexes.js'
import { findSemtable, readSemaphores, SEMTABLE_BYTES } from '../../../src/runtimes/go/semtable.js'
import { createImage, type MemoryImage } from '../memory-image.js'

const TABLE = 0x590000n
const CODE = 0x401000n
const isCode = (address: bigint) => address >= CODE && address < CODE + 0x1000n

/** How a version lays out who waits: runtime/runtime2.go, sudog and g. */
interface Layout {
  readonly wordAt: bigint
  readonly framePointerAt: bigint
}
const LAYOUTS: readonly (readonly [string, Layout])[] = [
  ['1.18 to 1.24', { wordAt: 24n, framePointerAt: 104n }],
  ['1.25', { wordAt: 24n, framePointerAt: 96n }],
  ['1.26', { wordAt: 32n, framePointerAt: 96n }],
]

interface Waits {
  /** Of the word that is waited for. */
  readonly word: bigint
  readonly callers?: readonly bigint[]
  /** The next ones in the tree of its root. */
  readonly next?: bigint
  readonly previous?: bigint
}

const CALLERS = [CODE + 0x10n, CODE + 0x20n, CODE + 0x30n, CODE + 0x40n]

function emptyTable(): MemoryImage {
  const image = createImage()
  image.setBytes(TABLE, new Uint8Array(SEMTABLE_BYTES))
  return image
}

/** Puts a sudog at an address, with its goroutine and stack behind it. */
function putWait(image: MemoryImage, at: bigint, waits: Waits, { wordAt, framePointerAt }: Layout): bigint {
  const goroutine = at + 0x100n
  const stack = at + 0x400n
  image.setBytes(at, new Uint8Array(0x1000))
  image.set(at, goroutine, waits.next ?? 0n, waits.previous ?? 0n)
  image.set(at + wordAt, waits.word)
  // Beside the word's place is what a version has there instead.
  if (wordAt === 32n) image.set(at + 24n, 0x1n)
  image.set(goroutine + framePointerAt, stack)
  for (const [index, caller] of (waits.callers ?? CALLERS).entries()) {
    const frame = stack + BigInt(0x40 * index)
    const isLast = index === (waits.callers ?? CALLERS).length - 1
    image.set(frame, isLast ? 0n : frame + 0x40n, caller)
  }
  return at
}

function putRoot(image: MemoryImage, word: bigint, tree: bigint): void {
  const root = TABLE + ((word >> 3n) % 251n) * 64n
  image.set(root + 8n, tree)
  image.set(root + 16n, 1n)
}

/** A mutex is held, and so many want it. */
const putState = (image: MemoryImage, mutex: bigint, waiters: bigint) =>
  image.set(mutex, 1n | (waiters << 3n))

describe.each(LAYOUTS)('Go %s', (_, layout) => {
  const MUTEX = 0xc000012344n
  const word = MUTEX + 4n

  function scene(waits: Partial<Waits> = {}): MemoryImage {
    const image = emptyTable()
    putRoot(image, word, putWait(image, 0xc000100000n, { word, ...waits }, layout))
    putState(image, MUTEX, 3n)
    return image
  }

  test('says for which mutexes goroutines wait, how many, and where', () => {
    expect(readContendedMutexes(TABLE, scene().read, isCode)).toEqual([
      { address: MUTEX, waiters: 3, callers: CALLERS },
    ])
  })

  test('says that there are none', () => {
    expect(readContendedMutexes(TABLE, emptyTable().read, isCode)).toEqual([])
  })

  test('has several in the tree of a root', () => {
    // Words that lead to the same root.
    const others = [word + 8n * 251n, word + 16n * 251n] as const
    const image = scene({ next: 0xc000200000n, previous: 0xc000300000n })
    for (const [index, other] of others.entries()) {
      putWait(image, 0xc000200000n + BigInt(index) * 0x100000n, { word: other }, layout)
      putState(image, other - 4n, 1n)
    }
    expect(readContendedMutexes(TABLE, image.read, isCode)?.map(({ address }) => address)).toEqual([
      MUTEX,
      ...others.map((other) => other - 4n),
    ])
  })

  test('leaves out what does not lead to its root: memory that has changed meanwhile', () => {
    const image = scene()
    image.set(0xc000100000n + layout.wordAt, word + 8n)
    expect(readContendedMutexes(TABLE, image.read, isCode)).toEqual([])
  })

  test('leaves out one of whose stack nothing is known', () => {
    expect(readContendedMutexes(TABLE, scene({ callers: [0x1n] }).read, isCode)).toEqual([])
    expect(readContendedMutexes(TABLE, scene({ callers: CALLERS.slice(0, 2) }).read, isCode)).toEqual([])
  })

  test('goes in no circle', () => {
    const image = scene({ next: 0xc000100000n, previous: 0xc000100000n })
    image.set(0xc000100000n + 0x400n, 0xc000100000n + 0x400n)
    expect(readSemaphores(TABLE, image.read)).toHaveLength(1)
    expect(readContendedMutexes(TABLE, image.read, isCode)?.[0]?.callers.length).toBeLessThanOrEqual(16)
  })

  test('gives an answer or none, whatever is in memory', () => {
    const addresses = scene()
      .addresses()
      .filter((address) => address >= 0xc000000000n)
    const change = fc.record({
      address: fc.constantFrom(...addresses),
      byte: fc.integer({ min: 0, max: 255 }),
    })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
        const image = scene()
        for (const { address, byte } of changes) image.setBytes(address, Uint8Array.of(byte))
        for (const { address } of readContendedMutexes(TABLE, image.read, isCode) ?? [])
          expect(((address + 4n) >> 3n) % 251n).toBe((word >> 3n) % 251n)
      }),
      { numRuns: 50 },
    )
  })
})

test('a table that cannot be read is none', () => {
  expect(readContendedMutexes(TABLE, createImage().read, isCode)).toBeUndefined()
})

describe('where the table is', () => {
  const isZeroed = (address: number, bytes: number) => address >= 0x5000 && address + bytes <= 0x20000
  /** LEA RCX, [RIP + distance] between other instructions. */
  const leaTo = (distance: number) => {
    const code = Buffer.from([0x90, 0x48, 0x8d, 0x0d, 0, 0, 0, 0, 0xc3])
    code.writeInt32LE(distance, 4)
    return code
  }

  test('the code says that wakes who waits', () => {
    expect(findSemtable(leaTo(0x5000), 0x1000, isZeroed)).toBe(0x1008 + 0x5000)
  })

  test('is not in memory that begins as something else, or is too small', () => {
    expect(findSemtable(leaTo(0x10), 0x1000, isZeroed)).toBeUndefined()
    expect(findSemtable(leaTo(0x1f000 - 0x1008), 0x1000, isZeroed)).toBeUndefined()
    expect(findSemtable(Buffer.from([0x48, 0x8d]), 0x1000, isZeroed)).toBeUndefined()
  })
})

describe('who waits for a mutex', () => {
  const RUNTIME = ['runtime.goparkunlock', 'runtime.semacquire1']

  test.each([
    ['up to Go 1.23', ['sync.runtime_SemacquireMutex', 'sync.(*Mutex).lockSlow']],
    [
      'since 1.24',
      ['internal/sync.runtime_SemacquireMutex', 'internal/sync.(*Mutex).lockSlow', 'sync.(*Mutex).Lock'],
    ],
    ['as a writer', ['sync.(*Mutex).lockSlow', 'sync.(*Mutex).Lock', 'sync.(*RWMutex).Lock']],
  ])('is the first outside the library: %s', (_, library) => {
    const names = [...RUNTIME, ...library, 'main.(*shop).sell', 'main.(*shop).open', 'runtime.goexit']
    expect(placeOfCaller(names)).toBe(RUNTIME.length + library.length)
  })

  test('is not who waits for something else', () => {
    expect(
      placeOfCaller([...RUNTIME, 'sync.runtime_Semacquire', 'sync.(*WaitGroup).Wait', 'main.main']),
    ).toBeUndefined()
    expect(placeOfCaller([...RUNTIME, undefined, 'main.main'])).toBeUndefined()
    expect(placeOfCaller([])).toBeUndefined()
  })
})
