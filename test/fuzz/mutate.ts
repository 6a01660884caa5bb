import type { Random } from '../../src/simulate/random.js'

/** Longest input that is made of shorter ones. Bytes. */
const MAX_BYTES = 256 * 1024

/** What parsers trip over: ends of ranges, separators, escapes, and names that objects have of themselves. */
const TRAPS = [
  ...['0', '-1', '1', '255', '65536', '2147483648', '4294967295', '4294967296', '9007199254740993'],
  ...[
    '9223372036854775807',
    '18446744073709551615',
    '18446744073709551616',
    '1e309',
    'NaN',
    '-0',
    '0x7f',
    '',
  ],
  ...[
    ' ',
    '\n',
    '\t',
    '\r\n',
    '\0',
    ':',
    ',',
    '/',
    '..',
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    '\\',
    '%00',
    '&a',
    '*a',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'é',
    '\ud800',
    '\u202e',
    '\u001b[2J',
    '!!js/function',
    '<<: *a',
  ],
].map((text) => Buffer.from(text))

const pick = <T>(random: Random, all: readonly T[]): T => all[Math.floor(random() * all.length)] as T
const place = (random: Random, length: number) => Math.floor(random() * (length + 1))

/** A part in the middle of it. */
function slice(random: Random, bytes: Buffer): readonly [number, number] {
  const begin = place(random, bytes.length)
  const longest = Math.max(1, bytes.length / 4)
  return [begin, Math.min(bytes.length, begin + 1 + Math.floor(random() * longest))]
}

function splice(bytes: Buffer, begin: number, end: number, part: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, begin), part, bytes.subarray(end)])
}

type Mutation = (random: Random, bytes: Buffer, seeds: readonly Uint8Array[]) => Buffer

const MUTATIONS: readonly Mutation[] = [
  function flipBit(random, bytes) {
    const changed = Buffer.from(bytes)
    const at = Math.floor(random() * bytes.length)
    if (bytes.length > 0) changed[at] = (changed[at] ?? 0) ^ (1 << Math.floor(random() * 8))
    return changed
  },
  function setByte(random, bytes) {
    const changed = Buffer.from(bytes)
    if (bytes.length > 0) changed[Math.floor(random() * bytes.length)] = pick(random, [0, 0x7f, 0x80, 0xff])
    return changed
  },
  function cutEnd(random, bytes) {
    return bytes.subarray(0, place(random, bytes.length))
  },
  function leaveOut(random, bytes) {
    return splice(bytes, ...slice(random, bytes), Buffer.alloc(0))
  },
  function repeat(random, bytes) {
    const [begin, end] = slice(random, bytes)
    const times = 1 + Math.floor(random() * 40)
    return splice(bytes, end, end, Buffer.concat(Array(times).fill(bytes.subarray(begin, end))))
  },
  function swapIn(random, bytes) {
    return splice(bytes, ...slice(random, bytes), pick(random, TRAPS))
  },
  function putIn(random, bytes) {
    const at = place(random, bytes.length)
    return splice(bytes, at, at, pick(random, TRAPS))
  },
  /** A number in the text becomes another one. */
  function changeNumber(random, bytes) {
    const numbers = [...bytes.toString('latin1').matchAll(/\d+/g)]
    if (numbers.length === 0) return bytes
    const { index, 0: digits } = pick(random, numbers)
    return splice(bytes, index, index + digits.length, pick(random, TRAPS.slice(0, 17)))
  },
  function join(random, bytes, seeds) {
    const other = Buffer.from(pick(random, seeds))
    return splice(bytes, ...slice(random, bytes), other.subarray(...slice(random, other)))
  },
]

/** One of the seeds after one to eight changes. At most 256 KiB, or as long as the seed. */
export function mutate(random: Random, seeds: readonly Uint8Array[]): Buffer {
  const seed = pick(random, seeds)
  let bytes: Buffer = Buffer.from(seed)
  const changes = 1 + Math.floor(random() * 8)
  for (let change = 0; change < changes; change += 1) bytes = pick(random, MUTATIONS)(random, bytes, seeds)
  return bytes.subarray(0, Math.max(MAX_BYTES, seed.length))
}
