import { refuse } from './refuse.js'

/** Names refer back to what came before, so that a short one may stand for one without end. Productions, characters. */
const MAX_STEPS = 10_000
const MAX_NAME = 100_000

const BASIC_TYPES: Readonly<Record<string, string>> = {
  a: 'i8',
  b: 'bool',
  c: 'char',
  d: 'f64',
  e: 'str',
  f: 'f32',
  h: 'u8',
  i: 'isize',
  j: 'usize',
  l: 'i32',
  m: 'u32',
  n: 'i128',
  o: 'u128',
  p: '_',
  s: 'i16',
  t: 'u16',
  u: '()',
  v: '...',
  x: 'i64',
  y: 'u64',
  z: '!',
}

const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

interface Identifier {
  readonly name: string
  readonly disambiguator: number
}

/**
 * Reads a symbol name of Rust's newer mangling (RFC 2603), without the hashes of crates.
 *
 * @param mangled What follows `_R`.
 * @returns The name, as `rustc-demangle` writes it in its short form.
 * @throws {Error} It is none, or has what is not understood: constants that are no number, and names in Punycode.
 */
export function readRust(mangled: string): string {
  let at = 0
  let steps = 0
  let length = 0
  /** Lifetimes that `for<…>` has named so far. */
  let lifetimes = 0

  function step(): void {
    steps += 1
    if (steps > MAX_STEPS || length > MAX_NAME) refuse()
  }

  function take(character: string): boolean {
    if (mangled[at] !== character) return false
    at += 1
    return true
  }

  function next(): string {
    const character = mangled[at] ?? refuse()
    at += 1
    return character
  }

  /** `_` is 0, `0_` is 1. Not exact where it is as long as the hash of a crate, of which nothing is told. */
  function readBase62(): number {
    if (take('_')) return 0
    let value = 0
    for (let character = next(); character !== '_'; character = next()) {
      const digit = DIGITS.indexOf(character)
      value = value * 62 + (digit < 0 ? refuse() : digit)
    }
    return value + 1
  }

  /** A number after its mark, which may be absent: then it is 0. */
  function readOptional(mark: string): number {
    return take(mark) ? readBase62() + 1 : 0
  }

  function readIdentifier(): Identifier {
    const disambiguator = readOptional('s')
    return { name: readPlainIdentifier(), disambiguator }
  }

  function readPlainIdentifier(): string {
    if (take('u')) refuse()
    const digits = /^(?:0|[1-9]\d{0,4})/.exec(mangled.slice(at, at + 5))?.[0] ?? refuse()
    at += digits.length
    take('_')
    const name = mangled.slice(at, at + Number(digits))
    if (name.length < Number(digits)) refuse()
    at += name.length
    length += name.length
    return name
  }

  /** Reads once more what stands at an earlier place. */
  function readBack<T>(read: () => T): T {
    const mark = at - 1
    const place = readBase62()
    if (place >= mark) refuse()
    const after = at
    at = place
    const result = read()
    at = after
    return result
  }

  /** @param isValue Whether it is a function or the like, rather than a type: then `::` is before its arguments. */
  function readPath(isValue: boolean): string {
    step()
    switch (next()) {
      case 'C':
        return readIdentifier().name
      case 'M':
        skipImplementation()
        return `<${readType()}>`
      case 'X':
        skipImplementation()
        return readAs()
      case 'Y':
        return readAs()
      case 'N':
        return readNested(isValue)
      case 'I': {
        const path = readPath(isValue)
        return `${path}${isValue ? '::' : ''}<${readList(readArgument).join(', ')}>`
      }
      case 'B':
        return readBack(() => readPath(isValue))
      default:
        return refuse()
    }
  }

  function readAs(): string {
    const type = readType()
    return `<${type} as ${readPath(false)}>`
  }

  /** Where an implementation stands does not say what it is. */
  function skipImplementation(): void {
    readOptional('s')
    readPath(false)
  }

  function readNested(isValue: boolean): string {
    const namespace = next()
    const path = readPath(isValue)
    const { name, disambiguator } = readIdentifier()
    if (/[a-z]/.test(namespace)) return name === '' ? path : `${path}::${name}`
    if (!/[A-Z]/.test(namespace)) return refuse()
    const kind = namespace === 'C' ? 'closure' : namespace === 'S' ? 'shim' : namespace
    return `${path}::{${kind}${name === '' ? '' : `:${name}`}#${disambiguator}}`
  }

  function readList<T>(read: () => T): readonly T[] {
    const list: T[] = []
    while (!take('E')) list.push(read())
    return list
  }

  function readArgument(): string {
    if (take('L')) return nameOfLifetime(readBase62())
    return take('K') ? readConstant() : readType()
  }

  function nameOfLifetime(index: number): string {
    if (index === 0) return "'_"
    const depth = lifetimes - index
    if (depth < 0) refuse()
    return depth < 26 ? `'${DIGITS[depth + 10]}` : `'_${depth}`
  }

  function readType(): string {
    step()
    const mark = next()
    const basic = BASIC_TYPES[mark]
    if (basic !== undefined) return basic
    switch (mark) {
      case 'R':
        return `&${readReference()}`
      case 'Q':
        return `&${readReference('mut ')}`
      case 'P':
        return `*const ${readType()}`
      case 'O':
        return `*mut ${readType()}`
      case 'A': {
        const type = readType()
        return `[${type}; ${readConstant()}]`
      }
      case 'S':
        return `[${readType()}]`
      case 'T': {
        const types = readList(readType)
        return `(${types.join(', ')}${types.length === 1 ? ',' : ''})`
      }
      case 'F':
        return withLifetimes(readFunction)
      case 'D': {
        const bounds = withLifetimes(() => readList(readBound).join(' + '))
        if (!take('L')) refuse()
        const lifetime = readBase62()
        return `dyn ${bounds}${lifetime === 0 ? '' : ` + ${nameOfLifetime(lifetime)}`}`
      }
      case 'B':
        return readBack(readType)
      default:
        at -= 1
        return readPath(false)
    }
  }

  function readReference(mutable = ''): string {
    const lifetime = take('L') ? readBase62() : 0
    return `${lifetime === 0 ? '' : `${nameOfLifetime(lifetime)} `}${mutable}${readType()}`
  }

  /** `for<'a> `, and what it holds for. */
  function withLifetimes(read: () => string): string {
    const count = readOptional('G')
    if (count > 26) refuse()
    lifetimes += count
    const names = Array.from({ length: count }, (_, index) => nameOfLifetime(count - index))
    const text = read()
    lifetimes -= count
    return count === 0 ? text : `for<${names.join(', ')}> ${text}`
  }

  function readFunction(): string {
    const unsafe = take('U') ? 'unsafe ' : ''
    const abi = take('K') ? `extern "${take('C') ? 'C' : readPlainIdentifier().replaceAll('_', '-')}" ` : ''
    const parameters = readList(readType).join(', ')
    const result = readType()
    return `${unsafe}${abi}fn(${parameters})${result === '()' ? '' : ` -> ${result}`}`
  }

  /** A trait, and what its associated types are: `Iterator<Item = u8>`. */
  function readBound(): string {
    const path = readPath(false)
    const types: string[] = []
    while (take('p')) {
      const name = readPlainIdentifier()
      types.push(`${name} = ${readType()}`)
    }
    if (types.length === 0) return path
    return path.endsWith('>') ? `${path.slice(0, -1)}, ${types.join(', ')}>` : `${path}<${types.join(', ')}>`
  }

  function readConstant(): string {
    step()
    const type = next()
    if (type === 'B') return readBack(readConstant)
    if (type === 'p') return '_'
    const digits = /^n?[0-9a-f]*_/.exec(mangled.slice(at, at + 64))?.[0] ?? refuse()
    at += digits.length
    const isNegative = digits.startsWith('n')
    const value = BigInt(`0x${digits.slice(isNegative ? 1 : 0, -1) || '0'}`)
    if (type === 'b') return value === 0n ? 'false' : value === 1n ? 'true' : refuse()
    if (type === 'c') return nameOfCharacter(value)
    if (!'ahslmxyijnot'.includes(type)) refuse()
    return `${isNegative ? '-' : ''}${value}`
  }

  function nameOfCharacter(value: bigint): string {
    if (value > 0x10ffffn) refuse()
    return `'${String.fromCodePoint(Number(value))}'`
  }

  const name = readPath(true)
  // The crate that a generic function was made for.
  if (/[A-Z]/.test(mangled[at] ?? '')) readPath(false)
  return at === mangled.length ? name : refuse()
}
