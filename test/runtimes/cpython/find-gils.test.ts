import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findGils, type PythonModule } from '../../../src/runtimes/cpython/find-gils.js'
import type { FoundInterpreterLock, InterpreterLockLook } from '../../../src/runtimes/interpreter-lock.js'
import type { ReadMemory } from '../../../src/runtimes/read-memory.js'
import { createImage, type MemoryImage } from '../memory-image.js'
import { type CapturedPython, capturedPython } from './captured-python.js'

/** Of the real memory that was captured: which thread had the GIL was told by the threads themselves. */
const VERSIONS = ['3.8', '3.9', '3.10', '3.11', '3.12', '3.13', '3.14']
/** Offset of PyThreadState.thread_id: offsetof() on the headers. */
const THREAD_ID = new Map([
  ['3.8', 176n],
  ['3.9', 176n],
  ['3.10', 176n],
  ['3.11', 152n],
  ['3.12', 136n],
  ['3.13', 152n],
  ['3.14', 152n],
])
/** As many as a look into the memory of a process allows. */
const MAX_READS = 8192

const find = ({ python, image }: CapturedPython) => findGils(python, image.read)
const refused = (reason: string, version?: string) => ({ kind: 'refused', reason, version })

function gilOf(captured: CapturedPython): FoundInterpreterLock {
  const look = find(captured)
  if (look.kind !== 'found' || !look.locks[0]) throw new Error(`no GIL: ${JSON.stringify(look)}`)
  return look.locks[0]
}

describe('the GIL of a Python', () => {
  test.each(VERSIONS)('%s is the one that the thread which computed had', (version) => {
    const captured = capturedPython(version)
    expect(find(captured)).toEqual({
      kind: 'found',
      locks: [
        {
          kind: 'gil',
          address: expect.any(BigInt),
          threadIdOffset: Number(THREAD_ID.get(version)),
          nativeThreadOffset: 0,
          version,
        },
      ],
      isWhole: true,
    })
    const { image, threads } = captured
    const { address, threadIdOffset } = gilOf(captured)
    expect(image.word(image.word(address + 8n) + BigInt(threadIdOffset))).toBe(threads.computing)
    expect(image.word(address + 16n) & 0xffffffffn).toBe(1n)
    expect(image.word(address)).toBe(5000n)
  })

  test.each(VERSIONS)(
    '%s is the same with the thread descriptors of musl, and while it is free',
    (version) => {
      const captured = capturedPython(version)
      const gil = gilOf(captured)
      captured.image.set(captured.threads.computing, captured.threads.computing, 0n, 0n)
      captured.image.set(gil.address + 16n, 0n)
      expect(find(captured)).toEqual({ kind: 'found', locks: [gil], isWhole: true })
    },
  )
})

/** Changes of a captured memory, given its GIL. */
type Change = (captured: CapturedPython, gil: bigint, holder: bigint, threadId: bigint) => void

describe.each(VERSIONS)('what is no GIL of %s', (version) => {
  test.each<[string, string, Change]>([
    ['has no switch interval', 'unknown-runtime-version', ({ image }, gil) => image.set(gil, 0n)],
    ['has one of more than 10 s', 'unknown-runtime-version', ({ image }, gil) => image.set(gil, 10_000_001n)],
    ['is held twice', 'unknown-runtime-version', ({ image }, gil) => image.set(gil + 16n, 2n)],
    ['has no state', 'unknown-runtime-version', ({ image }, gil) => image.set(gil + 16n, 0xfffffffen)],
    ['is not mapped', 'unknown-runtime-version', ({ image }, gil) => image.unmap(gil)],
    ['is not in use yet', 'no-holder', ({ image }, gil) => image.set(gil + 16n, 0xffffffffn)],
    ['was never held', 'no-holder', ({ image }, gil) => image.set(gil + 8n, 0n)],
    ['was held by what is gone', 'no-holder', ({ image }, gil) => image.set(gil + 8n, 0xdead000n)],
    [
      'was held by a thread of no interpreter',
      'no-holder',
      ({ image }, _gil, holder) => image.set(holder + 16n, holder),
    ],
    [
      'was held by no thread',
      'no-holder',
      ({ image, threads }) => image.set(threads.computing, 1n, 2n, threads.computing + 8n),
    ],
    [
      'was held by a thread that is gone',
      'no-holder',
      ({ image, threads }) => image.unmap(threads.computing),
    ],
    [
      'was held by a thread without an id',
      'no-holder',
      ({ image }, _gil, holder, threadId) => image.unmap(holder + threadId),
    ],
    ['is nowhere', 'unreadable', ({ image, python }) => image.unmap(python.runtime.address)],
  ])('%s: %s', (_, reason, change) => {
    const captured = capturedPython(version)
    const { address } = gilOf(captured)
    change(captured, address, captured.image.word(address + 8n), THREAD_ID.get(version) ?? 0n)
    expect(find(captured)).toEqual(refused(reason, reason === 'unreadable' ? undefined : version))
  })

  test('is in a process without an interpreter', () => {
    const captured = capturedPython(version)
    captured.image.set(interpretersIn(captured).head, 0n)
    expect(find(captured)).toEqual(refused('not-started', version))
  })

  test('is in a process whose interpreters lead nowhere, or in a circle', () => {
    const captured = capturedPython(version)
    const { head, nextOffset } = interpretersIn(captured)
    const first = captured.image.word(head)
    captured.image.set(first + nextOffset, first)
    expect(find(captured)).toEqual(refused('unknown-runtime-version', version))
    captured.image.set(first + nextOffset, 0xdead000n)
    expect(find(captured)).toEqual(refused('unknown-runtime-version', version))
  })

  test('is in a process with more interpreters than are looked at', () => {
    const captured = capturedPython(version)
    const { head, nextOffset } = interpretersIn(captured)
    const first = captured.image.word(head)
    /** Before those that there are, as CPython adds them. */
    const add = (count: number) => {
      for (let i = 0n; i < count; i += 1n) {
        const address = 0x1000000n + i * 0x100000n
        captured.image.set(address + nextOffset, i === 0n ? first : address - 0x100000n)
        if (hasOwnGils(version)) captured.image.set(address + gilOffsetIn(captured), gilPointerIn(captured))
        captured.image.set(head, address)
      }
    }
    add(255)
    expect(find(captured)).toMatchObject({ kind: 'found', isWhole: true })
    add(256)
    expect(find(captured)).toEqual(refused('too-many-interpreters', version))
  })
})

const hasOwnGils = (version: string) => ['3.12', '3.13', '3.14'].includes(version)
const debugOffset = ({ python, image }: CapturedPython, word: bigint) =>
  image.word(python.runtime.address + word * 8n)

function versionIn({ python }: CapturedPython): string {
  return /3\.\d+/.exec(python.fileName)?.[0] ?? ''
}

/** Where the pointer to the first interpreter is, and in an interpreter that to the next one. */
function interpretersIn(captured: CapturedPython): { readonly head: bigint; readonly nextOffset: bigint } {
  const { address } = captured.python.runtime
  switch (versionIn(captured)) {
    case '3.13':
    case '3.14':
      return { head: address + debugOffset(captured, 5n), nextOffset: debugOffset(captured, 8n) }
    case '3.11':
    case '3.12':
      return { head: address + 40n, nextOffset: 0n }
    default:
      return { head: address + 32n, nextOffset: 0n }
  }
}

/** In an interpreter since 3.12: the pointer to its GIL. */
function gilOffsetIn(captured: CapturedPython): bigint {
  const version = versionIn(captured)
  return version === '3.12' ? 384n : debugOffset(captured, version === '3.13' ? 14n : 15n)
}

function gilPointerIn(captured: CapturedPython): bigint {
  return captured.image.word(captured.image.word(interpretersIn(captured).head) + gilOffsetIn(captured))
}

describe.each(VERSIONS.filter(hasOwnGils))('sub-interpreters of %s', (version) => {
  /** Adds interpreters, each with a GIL of its own that a thread of its own has. */
  function withInterpreters(count: number): CapturedPython {
    const captured = capturedPython(version)
    const { head, nextOffset } = interpretersIn(captured)
    const gilOffset = gilOffsetIn(captured)
    const { image } = captured
    for (let i = 1n; i <= count; i += 1n) {
      const [interpreter, gil, thread, descriptor] = [0n, 0x40000n, 0x50000n, 0x60000n].map(
        (offset) => i * 0x1000000n + offset,
      ) as [bigint, bigint, bigint, bigint]
      image.set(interpreter + nextOffset, image.word(head))
      image.set(interpreter + gilOffset, gil)
      image.set(gil, 5000n, thread, 0n)
      image.set(thread + 16n, interpreter)
      image.set(thread + (THREAD_ID.get(version) ?? 0n), descriptor)
      image.set(descriptor, descriptor, 0n, descriptor)
      image.set(head, interpreter)
    }
    return captured
  }

  const addresses = (look: InterpreterLockLook) =>
    look.kind === 'found' ? look.locks.map(({ address }) => address) : []

  test('with GILs of their own have all of them', () => {
    const main = gilOf(capturedPython(version)).address
    expect(addresses(find(withInterpreters(2)))).toEqual([0x2040000n, 0x1040000n, main])
    expect(addresses(find(withInterpreters(15)))).toHaveLength(16)
    expect(find(withInterpreters(16))).toEqual(refused('too-many-interpreters', version))
  })

  test('that share the first one have that', () => {
    const captured = withInterpreters(2)
    const main = gilOf(capturedPython(version)).address
    for (const i of [1n, 2n]) captured.image.set(i * 0x1000000n + gilOffsetIn(captured), main)
    expect(find(captured)).toMatchObject({ locks: [{ address: main }], isWhole: true })
    // Held by a thread of an interpreter that shares it.
    captured.image.set(captured.image.word(main + 8n) + 16n, 0x1000000n)
    expect(find(captured)).toMatchObject({ locks: [{ address: main }], isWhole: true })
  })

  test('are not all known where one was held last by what is gone, or has a GIL that another holds', () => {
    const captured = withInterpreters(2)
    captured.image.set(0x1040000n + 8n, 0xdead000n)
    expect(addresses(find(captured))).toHaveLength(2)
    expect(find(captured)).toMatchObject({ isWhole: false })
    captured.image.set(0x1040000n + 8n, 0x2050000n)
    expect(find(captured)).toMatchObject({ isWhole: false })
  })

  test('are refused where one has what is no GIL', () => {
    const captured = withInterpreters(2)
    captured.image.set(0x1040000n, 0n)
    expect(find(captured)).toEqual(refused('unknown-runtime-version', version))
    captured.image.unmap(0x1000000n + gilOffsetIn(captured))
    expect(find(captured)).toEqual(refused('unknown-runtime-version', version))
  })

  test('that begin or end have no GIL', () => {
    const captured = withInterpreters(1)
    captured.image.set(0x1000000n + gilOffsetIn(captured), 0n)
    expect(find(captured)).toMatchObject({ isWhole: true })
    expect(addresses(find(captured))).toHaveLength(1)
  })
})

describe('the version', () => {
  const withPython = (version: string, changed: Partial<PythonModule>) => {
    const captured = capturedPython(version)
    return { ...captured, python: { ...captured.python, ...changed } }
  }

  test.each([
    ['libpython3.9d.so.1.0', 'found'],
    ['python3.9', 'found'],
    // The same places as in 3.9.
    ['python3.10', 'found'],
    ['python3.8', 'unknown-runtime-version'],
    ['python3.7m', 'unknown-runtime-version'],
    ['python3', 'unknown-runtime-version'],
    ['libpython3.so', 'unknown-runtime-version'],
    ['shopd', 'unknown-runtime-version'],
  ])('of a file %s without one in memory: %s', (fileName, expected) => {
    const look = find(withPython('3.9', { fileName }))
    expect(look.kind === 'found' ? look.kind : look.reason).toBe(expected)
  })

  test.each(['3.11', '3.12'])('%s is in memory, whatever the file is called', (version) => {
    const captured = withPython(version, { fileName: 'shopd' })
    expect(find(captured)).toMatchObject({ kind: 'found', locks: [{ version }] })
    const { image, python } = captured
    for (const [hex, told] of [
      [0x030a0df0n, '3.10'],
      [0x030d00f0n, '3.13'],
      [0x03ff00f0n, '3.255'],
      [0x02070ff0n, undefined],
      [0x1_030b00f0n, undefined],
    ] as const) {
      image.set(python.version ?? 0n, hex)
      // 3.10 has other places.
      const reason = expect.stringMatching(/^(?:unknown-runtime-version|no-holder|not-started)$/)
      expect(find(captured)).toEqual({ kind: 'refused', reason, version: told })
    }
  })

  test.each(['3.13', '3.14'])('%s is where it says itself where things are', (version) => {
    const captured = withPython(version, { fileName: 'shopd', version: undefined })
    expect(find(captured)).toMatchObject({ kind: 'found', locks: [{ version }] })
    const { image, python } = captured
    image.set(python.runtime.address + 8n, 0x030f00f0n)
    expect(find(captured)).toEqual(refused('unknown-runtime-version', '3.15'))
    image.set(python.runtime.address + 8n, 0x030c00f0n)
    expect(find(captured)).toEqual(refused('unknown-runtime-version', '3.12'))
    image.set(python.runtime.address + 8n, 0n)
    expect(find(captured)).toEqual(refused('unknown-runtime-version'))
    image.set(python.runtime.address, 0n)
    expect(find(captured)).toEqual(refused('unknown-runtime-version'))
  })

  test.each(['3.13', '3.14'])('%s without a GIL is refused', (version) => {
    const captured = capturedPython(version)
    captured.image.set(captured.python.runtime.address + 16n, 1n)
    expect(find(captured)).toEqual(refused('free-threaded', version))
  })

  test.each(['3.13', '3.14'])(
    '%s with other fields in the GIL, or with wild offsets, is refused',
    (version) => {
      const gilWord = version === '3.13' ? 15n : 16n
      for (const [word, change] of [
        [gilWord, 8n],
        [gilWord + 2n, 8n],
        [gilWord + 3n, 8n],
        [5n, 4n],
        [8n, 0x100000n],
        [gilWord - 1n, -8n],
      ] as const) {
        const captured = capturedPython(version)
        const at = captured.python.runtime.address + word * 8n
        captured.image.set(at, BigInt.asUintN(64, captured.image.word(at) + change))
        expect(find(captured)).toMatchObject({ kind: 'refused', version })
      }
    },
  )

  test.each(VERSIONS)('%s is not that of a symbol that is too small', (version) => {
    const { address } = capturedPython(version).python.runtime
    const sizes = hasOwnGils(version) && version !== '3.12' ? [8, 223] : [8, 47]
    for (const sizeBytes of sizes) {
      const look = find(withPython(version, { runtime: { address, sizeBytes } }))
      expect(look).toMatchObject({ kind: 'refused', reason: 'unknown-runtime-version' })
    }
    expect(find(withPython(version, { runtime: { address, sizeBytes: 0 } }))).toEqual(refused('unreadable'))
  })
})

describe('a process that runs meanwhile', () => {
  test('is looked at again, a few times', () => {
    const captured = capturedPython('3.11')
    const { address } = gilOf(captured)
    /** The GIL is as it was when the head was read this often. */
    const afterReads = (count: number): ReadMemory => {
      let left = count
      return (at, bytes) => {
        if (at !== address) return captured.image.read(at, bytes)
        left -= 1
        const found = captured.image.read(at, bytes)
        if (left >= 0) found?.fill(0, 8, 16)
        return found
      }
    }
    const lookAfter = (count: number) => findGils(captured.python, afterReads(count))
    expect([0, 1, 2].map((count) => lookAfter(count).kind)).toEqual(['found', 'found', 'found'])
    expect(lookAfter(3)).toEqual(refused('no-holder', '3.11'))
  })
})

/** Whether all that is said of a GIL holds in this memory: written another way than the code. */
function isConfirmed(
  image: { word(address: bigint): bigint },
  { address, threadIdOffset }: FoundInterpreterLock,
): boolean {
  const [interval, holder, state] = [0n, 8n, 16n].map((offset) => image.word(address + offset)) as [
    bigint,
    bigint,
    bigint,
  ]
  const thread = image.word(holder + BigInt(threadIdOffset))
  const isState = (state & 0xffffffffn) === 0n || (state & 0xffffffffn) === 1n
  const isThread = image.word(thread) === thread || image.word(thread + 16n) === thread
  return (
    interval > 0n && interval <= 10_000_000n && isState && holder !== 0n && address % 8n === 0n && isThread
  )
}

/** Reads, counted, and looks that nothing may be thrown from. */
function lookAt(python: PythonModule, image: MemoryImage): number {
  let reads = 0
  const look = findGils(python, (address, bytes) => {
    reads += 1
    return image.read(address, bytes)
  })
  if (look.kind === 'found') {
    expect(look.locks.length).toBeGreaterThan(0)
    expect(look.locks.every((gil) => isConfirmed(image, gil))).toBe(true)
  }
  expect(reads).toBeLessThan(MAX_READS)
  return look.kind === 'found' ? 1 : 0
}

describe('memory that says anything', () => {
  const word = fc.oneof(
    fc.bigInt(0n, 2n ** 64n - 1n),
    fc.constantFrom(0n, 1n, 16n, 5000n, 0xffffffffn, 2n ** 64n - 1n),
  )

  test.each(VERSIONS)('of %s and something else throws nothing, and gives no GIL that is none', (version) => {
    const addresses = capturedPython(version).image.addresses()
    const words = addresses.filter((address) => address % 8n === 0n)
    const { image: before } = capturedPython(version)
    const change = fc.tuple(
      fc.constantFrom(...addresses),
      // Pointers to where something is lead further than others do.
      fc.oneof(word, fc.constantFrom(...words), fc.constantFrom(...words.map((at) => before.word(at)))),
      fc.boolean(),
    )
    let found = 0
    fc.assert(
      fc.property(fc.array(change, { maxLength: 3 }), (changes) => {
        const { python, image } = capturedPython(version)
        for (const [address, value, isUnmapped] of changes) {
          if (isUnmapped) image.unmap(address)
          else image.set(address, value)
        }
        found += lookAt(python, image)
      }),
      { numRuns: 300 },
    )
    expect(found).toBeGreaterThan(0)
  })

  test('everywhere throws nothing and ends', () => {
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 1, maxLength: 40 }),
        fc.nat(1e6),
        fc.constantFrom('python3.9', 'libpython3.8.so', 'python3', 'shopd'),
        fc.option(word, { nil: undefined }),
        fc.constantFrom(0n, 0x7970677562656478n),
        (words, sizeBytes, fileName, version, cookie) => {
          // The same words again and again, whatever the address.
          const bytes = Buffer.from(BigUint64Array.from([cookie, 0x030d00f0n, 0n, ...words]).buffer)
          const byteAt = (address: bigint) => bytes[Number(address % BigInt(bytes.length))] ?? 0
          const image = createImage()
          const read: ReadMemory = (address, count) =>
            Uint8Array.from({ length: count }, (_, i) => byteAt(address + BigInt(i)))
          const wordAt = (address: bigint) => Buffer.from(read(address, 8) ?? []).readBigUInt64LE()
          lookAt({ fileName, version, runtime: { address: 0n, sizeBytes } }, { ...image, read, word: wordAt })
        },
      ),
      { numRuns: 500 },
    )
  })
})
