/** Numbers that look independent and uniform on [0, 1); the same for the same seed. */
export type Random = () => number

/**
 * Creates a generator of uniform numbers with 32 random bits.
 *
 * Source: sfc32, C. Doty-Humphrey, PractRand 0.94 (period of at least 2^64 for each seed), started from SplitMix32 of
 * the seed and the stream, so that neighbours have nothing in common.
 *
 * @param seed Integer from 0 to 2^32 − 1.
 * @param stream Integer from 0 to 2^32 − 1: independent generators of one seed.
 * @throws {RangeError} An argument is no such integer.
 */
export function createRandom(seed: number, stream = 0): Random {
  checkWord('seed', seed)
  checkWord('stream', stream)
  let mixed = seed | 0
  const mix = () => {
    mixed = (mixed + 0x9e3779b9) | 0
    let z = mixed
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
    return z ^ (z >>> 16)
  }
  mixed = mix() ^ stream
  let a = mix()
  let b = mix()
  let c = mix()
  let counter = 1
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    c |= 0
    return (sum >>> 0) / 4294967296
  }
  for (let round = 0; round < 12; round += 1) next()
  return next
}

function checkWord(name: string, value: number): void {
  if (!(Number.isInteger(value) && value >= 0 && value < 2 ** 32)) {
    throw new RangeError(`${name} must be an integer from 0 to 4294967295, got ${value}`)
  }
}
