import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findGvl, type RubyModule } from '../../../src/runtimes/ruby/find-gvl.js'
import { layoutOf } from '../../../src/runtimes/ruby/gvl-layout.js'
import { imageOf, type MemoryImage } from '../memory-image.js'

/** A Ruby one of whose threads computes, as capture-memory.mjs wrote it. */
interface Captured {
  readonly ruby: RubyModule
  readonly lock: Readonly<Record<string, unknown>> & { readonly address: bigint; readonly version: string }
  readonly image: MemoryImage
}

const FOLDER = fileURLToPath(new URL('../../fixtures/ruby-memory/', import.meta.url))
const VERSIONS = readdirSync(FOLDER).map((name) => name.replace('.json', ''))

function captured(version: string): Captured {
  const { ruby, memory, lock } = JSON.parse(readFileSync(`${FOLDER}${version}.json`, 'utf8'))
  return {
    ruby: {
      variables: { ...ruby.variables, address: BigInt(ruby.variables.address) },
      version: BigInt(ruby.version),
    },
    lock: { ...lock, address: BigInt(lock.address) },
    image: imageOf(memory),
  }
}

const find = ({ ruby, image }: Captured) => findGvl(ruby, image.read)

/** The variable that points to the virtual machine, and what that has of its ractors. */
function machineOf({ ruby, image }: Captured) {
  for (let at = ruby.variables.address; at < ruby.variables.address + 64n; at += 8n) {
    const vm = image.word(at)
    if (image.word(vm + 32n) !== 0n) return { at, vm, count: vm + 24n, ractor: image.word(vm + 32n) }
  }
  throw new Error('no virtual machine')
}

describe.each(VERSIONS)('Ruby %s', (version) => {
  test('has its GVL where the holder was', () => {
    const one = captured(version)
    expect(find(one)).toEqual({ kind: 'found', locks: [one.lock], isWhole: true })
    // The thread that computed, of the same ractor.
    const holder = one.image.word(one.lock.address)
    expect(one.image.word(holder + 24n)).toBe(machineOf(one).ractor)
  })

  test('has it there while nobody has it', () => {
    const one = captured(version)
    one.image.set(one.lock.address, 0n)
    expect(find(one)).toMatchObject({ kind: 'found', locks: [{ address: one.lock.address }] })
  })

  test('has none before it has started', () => {
    const one = captured(version)
    one.image.set(machineOf(one).at, 0n)
    expect(find(one)).toEqual({ kind: 'refused', reason: 'not-started', version })
  })

  test('has several with several ractors: refused', () => {
    const one = captured(version)
    one.image.set(machineOf(one).count, 2n)
    expect(find(one)).toEqual({ kind: 'refused', reason: 'too-many-interpreters', version })
  })

  test('is refused where its memory is another one', () => {
    const moved = (change: (one: Captured) => void) => {
      const one = captured(version)
      change(one)
      return find(one)
    }
    const refused = { kind: 'refused', reason: 'unknown-runtime-version', version }
    const waiting = BigInt(layoutOf(version)?.waiting ?? 0)
    expect(moved(({ image, lock }) => image.set(lock.address + waiting, 0n))).toEqual(refused)
    expect(moved(({ image, lock }) => image.set(lock.address, lock.address))).toEqual(refused)
    const far = layoutOf(version)?.mainThread ?? 0
    expect(moved(({ image, lock }) => image.set(lock.address + BigInt(far), 0n))).toEqual(refused)
  })

  test.each(['2.7.8', '3.5.0', '4.0.0', 'ruby'])('is refused as %s', (text) => {
    const one = captured(version)
    one.image.setBytes(one.ruby.version, Buffer.from(`${text}\0`))
    expect(find(one)).toMatchObject({ kind: 'refused', reason: 'unknown-runtime-version' })
  })

  test('never gives another place, whatever is in memory', () => {
    const { image } = captured(version)
    const addresses = image.addresses()
    const change = fc.record({
      address: fc.constantFrom(...addresses),
      byte: fc.integer({ min: 0, max: 255 }),
    })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
        const one = captured(version)
        for (const { address, byte } of changes) one.image.setBytes(address, Uint8Array.of(byte))
        const look = find(one)
        if (look.kind === 'found') expect(look.locks).toMatchObject([{ address: one.lock.address }])
      }),
      { numRuns: 300 },
    )
  })
})
