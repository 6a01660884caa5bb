/**
 * Names of C++ as they are written in the source, without the types of parameters: `shop::Cart::add`.
 *
 * Reads the mangling of the Itanium C++ ABI, section 5.1, as far as names need it: expressions in template arguments
 * and `decltype` are left mangled. Names of Rust in its older mangling are read too; its newer one (`_R`) is not.
 *
 * @returns The name; the same text where it is no mangled name, or one that is not understood.
 */
export function demangle(mangled: string): string {
  if (!/^_?_Z[A-Z0-9a-z]/.test(mangled) || mangled.length > MAX_MANGLED) return mangled
  // Compilers mark their copies of a function: `.constprop.0`, `.cold`.
  const suffix = /(?:\.[a-z_]\w*(?:\.\d+)*|\.\d+|@.*)+$/.exec(mangled)?.[0] ?? ''
  const begin = mangled.indexOf('Z') + 1
  try {
    const parser = createParser(mangled.slice(begin, mangled.length - suffix.length))
    return withoutRustHash(parser.encoding()) + suffix
  } catch {
    return mangled
  }
}

const MAX_MANGLED = 4096
/** Nesting and length beyond it are left mangled: substitutions can make a short name explode. */
const MAX_DEPTH = 96
const MAX_OUTPUT = 16_384
const MAX_SUBSTITUTIONS = 2048

const BUILTINS: Readonly<Record<string, string>> = {
  v: 'void',
  w: 'wchar_t',
  b: 'bool',
  c: 'char',
  a: 'signed char',
  h: 'unsigned char',
  s: 'short',
  t: 'unsigned short',
  i: 'int',
  j: 'unsigned int',
  l: 'long',
  m: 'unsigned long',
  x: 'long long',
  y: 'unsigned long long',
  n: '__int128',
  o: 'unsigned __int128',
  f: 'float',
  d: 'double',
  e: 'long double',
  g: '__float128',
  z: '...',
  Dd: 'decimal64',
  De: 'decimal128',
  Df: 'decimal32',
  Dh: 'half',
  Di: 'char32_t',
  Ds: 'char16_t',
  Du: 'char8_t',
  Da: 'auto',
  Dc: 'decltype(auto)',
  Dn: 'decltype(nullptr)',
}

const LITERAL_SUFFIXES: Readonly<Record<string, string>> = {
  i: '',
  j: 'u',
  l: 'l',
  m: 'ul',
  x: 'll',
  y: 'ull',
}

const STANDARD: Readonly<Record<string, string>> = {
  Sa: 'std::allocator',
  Sb: 'std::basic_string',
  Ss: 'std::string',
  Si: 'std::istream',
  So: 'std::ostream',
  Sd: 'std::iostream',
}

const SPECIAL: Readonly<Record<string, string>> = {
  TV: 'vtable for ',
  TT: 'VTT for ',
  TI: 'typeinfo for ',
  TS: 'typeinfo name for ',
}

const SPECIAL_NAMES: Readonly<Record<string, string>> = {
  GV: 'guard variable for ',
  TH: 'TLS init function for ',
  TW: 'TLS wrapper function for ',
}

const OPERATORS: Readonly<Record<string, string>> = {
  nw: ' new',
  na: ' new[]',
  dl: ' delete',
  da: ' delete[]',
  aw: ' co_await',
  ps: '+',
  ng: '-',
  ad: '&',
  de: '*',
  co: '~',
  pl: '+',
  mi: '-',
  ml: '*',
  dv: '/',
  rm: '%',
  an: '&',
  or: '|',
  eo: '^',
  aS: '=',
  pL: '+=',
  mI: '-=',
  mL: '*=',
  dV: '/=',
  rM: '%=',
  aN: '&=',
  oR: '|=',
  eO: '^=',
  ls: '<<',
  rs: '>>',
  lS: '<<=',
  rS: '>>=',
  eq: '==',
  ne: '!=',
  lt: '<',
  gt: '>',
  le: '<=',
  ge: '>=',
  ss: '<=>',
  nt: '!',
  aa: '&&',
  oo: '||',
  pp: '++',
  mm: '--',
  cm: ',',
  pm: '->*',
  pt: '->',
  cl: '()',
  ix: '[]',
}

/** A type around the place where a declared name would stand: `void (` and `)(int)`. */
interface Type {
  readonly left: string
  readonly right: string
  /** A pointer to it needs parentheses: functions and arrays. */
  readonly isCompound: boolean
}

class NotUnderstood extends Error {}

function refuse(): never {
  throw new NotUnderstood()
}

function createParser(text: string): { encoding(): string } {
  const substitutions: Type[] = []
  let templateArguments: readonly Type[] = []
  let at = 0
  let depth = 0

  const peek = (length = 1) => text.slice(at, at + length)

  function accept(token: string): boolean {
    if (!text.startsWith(token, at)) return false
    at += token.length
    return true
  }

  function expect(token: string): void {
    if (!accept(token)) refuse()
  }

  function nested<T>(parse: () => T): T {
    depth += 1
    if (depth > MAX_DEPTH) refuse()
    const result = parse()
    depth -= 1
    return result
  }

  function plain(left: string): Type {
    if (left.length > MAX_OUTPUT) refuse()
    return { left, right: '', isCompound: false }
  }

  function remember(type: Type): Type {
    if (substitutions.length >= MAX_SUBSTITUTIONS || type.left.length + type.right.length > MAX_OUTPUT)
      refuse()
    substitutions.push(type)
    return type
  }

  function digits(): number {
    const match = /^\d{1,6}/.exec(peek(6))
    if (!match) refuse()
    at += match[0].length
    return Number(match[0])
  }

  /** `_` is 0, `0_` is 1; in base 36 for substitutions. */
  function sequence(base: 10 | 36): number {
    const match = (base === 36 ? /^([0-9A-Z]{0,4})_/ : /^(\d{0,4})_/).exec(peek(5))
    if (!match) refuse()
    at += match[0].length
    return match[1] === '' ? 0 : Number.parseInt(match[1] ?? '', base) + 1
  }

  function encoding(): string {
    return nested(() => {
      for (const [code, words] of Object.entries(SPECIAL)) if (accept(code)) return words + show(type())
      for (const [code, words] of Object.entries(SPECIAL_NAMES)) if (accept(code)) return words + name()
      if (accept('GR')) return `reference temporary for ${name()}`
      if (accept('Th')) return `non-virtual thunk to ${offset()}${encoding()}`
      if (accept('Tv')) return `virtual thunk to ${offset()}${offset()}${encoding()}`
      return name()
    })
  }

  function offset(): string {
    accept('n')
    digits()
    expect('_')
    return ''
  }

  function name(): string {
    if (peek() === 'N') return nestedName()
    if (peek() === 'Z') return localName()
    if (peek() === 'S' && peek(2) !== 'St') {
      const known = substitution()
      return show(known) + (peek() === 'I' ? showArguments(rememberArguments()) : '')
    }
    const unscoped = accept('St') ? `std::${unqualified('')}` : unqualified('')
    if (peek() !== 'I') return unscoped
    remember(plain(unscoped))
    return unscoped + spaceAfter(unscoped) + showArguments(rememberArguments())
  }

  function nestedName(): string {
    return nested(() => {
      expect('N')
      while (accept('r') || accept('V') || accept('K'));
      if (!accept('R')) accept('O')
      let prefix = ''
      let own = ''
      while (!accept('E')) {
        if (peek() === 'I') {
          if (prefix === '') refuse()
          prefix += spaceAfter(prefix) + showArguments(rememberArguments())
        } else if (peek() === 'S' && peek(2) !== 'St') {
          if (prefix !== '') refuse()
          prefix = show(substitution())
          own = ownName(prefix)
          continue
        } else if (peek() === 'T') {
          if (prefix !== '') refuse()
          prefix = show(templateParameter())
        } else if (peek(2) === 'St' && prefix === '') {
          at += 2
          prefix = 'std'
          continue
        } else if (accept('M')) {
          continue
        } else {
          own = unqualified(own)
          prefix = prefix === '' ? own : `${prefix}::${own}`
        }
        if (peek() !== 'E') remember(plain(prefix))
      }
      return prefix
    })
  }

  function localName(): string {
    return nested(() => {
      expect('Z')
      const outer = templateArguments
      const scope = encoding()
      while (!accept('E')) type()
      templateArguments = outer
      if (accept('s')) {
        discriminator()
        return `${scope}::string literal`
      }
      if (accept('d')) sequence(10)
      const inner = name()
      discriminator()
      return `${scope}::${inner}`
    })
  }

  function discriminator(): void {
    const match = /^(?:__\d+_|_\d)/.exec(peek(12))
    if (match) at += match[0].length
  }

  /** @param scope Name of the class that a constructor would be of. */
  function unqualified(scope: string): string {
    accept('L')
    let found: string
    const next = peek()
    if (/\d/.test(next)) found = sourceName()
    else if (next === 'C') {
      if (!/^C[1-5]/.test(peek(2)) || scope === '') refuse()
      at += 2
      found = ownName(scope)
    } else if (/^D[0-5]/.test(peek(2))) {
      if (scope === '') refuse()
      at += 2
      found = `~${ownName(scope)}`
    } else if (accept('DC')) {
      const names: string[] = []
      while (!accept('E')) names.push(sourceName())
      found = `[${names.join(', ')}]`
    } else if (accept('Ut')) found = `{unnamed type#${sequence(10) + 1}}`
    else if (accept('Ul')) {
      const outer = templateArguments
      templateArguments = []
      while (!accept('E')) type()
      templateArguments = outer
      found = `{lambda#${sequence(10) + 1}}`
    } else if (accept('cv')) found = `operator ${show(type())}`
    else if (accept('li')) found = `operator"" ${sourceName()}`
    else {
      const operator = OPERATORS[peek(2)] ?? refuse()
      at += 2
      found = `operator${operator}`
    }
    while (accept('B')) found += `[abi:${sourceName()}]`
    return found
  }

  function sourceName(): string {
    const length = digits()
    const found = peek(length)
    if (length === 0 || found.length !== length) refuse()
    at += length
    return found.startsWith('_GLOBAL__N') ? '(anonymous namespace)' : fromRust(found)
  }

  function substitution(): Type {
    const standard = STANDARD[peek(2)]
    if (standard !== undefined) {
      at += 2
      return plain(standard)
    }
    expect('S')
    return substitutions[sequence(36)] ?? refuse()
  }

  function templateParameter(): Type {
    expect('T')
    return templateArguments[sequence(10)] ?? plain('auto')
  }

  function rememberArguments(): readonly Type[] {
    const found = templateArgumentList()
    templateArguments = found
    return found
  }

  function templateArgumentList(): readonly Type[] {
    return nested(() => {
      expect('I')
      const found: Type[] = []
      while (!accept('E')) found.push(templateArgument())
      return found
    })
  }

  function templateArgument(): Type {
    return nested(() => {
      if (accept('J')) {
        const pack: Type[] = []
        while (!accept('E')) pack.push(templateArgument())
        return plain(pack.map(show).filter(Boolean).join(', '))
      }
      if (accept('L')) return plain(literal())
      if (peek() === 'X') refuse()
      return type()
    })
  }

  function literal(): string {
    if (accept('_Z')) {
      const found = encoding()
      while (!accept('E')) type()
      return `&${found}`
    }
    const code = peek()
    const literalType = show(type())
    const match = /^(n?)(\d*)E/.exec(peek(64))
    if (!match) refuse()
    at += match[0].length
    const number = `${match[1] === '' ? '' : '-'}${match[2]}`
    if (code === 'b') return number === '1' ? 'true' : 'false'
    const suffix = LITERAL_SUFFIXES[code]
    return suffix === undefined ? `(${literalType})${number}` : number + suffix
  }

  function type(): Type {
    return nested(() => {
      const builtin = BUILTINS[peek(2)] ?? BUILTINS[peek()]
      if (builtin !== undefined) {
        at += BUILTINS[peek(2)] === undefined ? 1 : 2
        return plain(builtin)
      }
      switch (peek()) {
        case 'r':
        case 'V':
        case 'K':
          return remember(qualified())
        case 'P':
          at += 1
          return remember(pointer(type(), '*'))
        case 'R':
          at += 1
          return remember(pointer(type(), '&'))
        case 'O':
          at += 1
          return remember(pointer(type(), '&&'))
        case 'F':
          return remember(functionType())
        case 'A':
          return remember(arrayType())
        case 'M':
          return remember(memberPointer())
        case 'u':
          at += 1
          return remember(plain(sourceName()))
        case 'S':
          return peek(2) === 'St' ? remember(plain(name())) : substitutedType()
        case 'T': {
          const parameter = remember(templateParameter())
          return peek() === 'I'
            ? remember(plain(show(parameter) + showArguments(templateArgumentList())))
            : parameter
        }
        case 'D':
          if (accept('Dp')) return remember(type())
          return peek(2) === 'Do' ? remember(functionType()) : refuse()
        default:
          return remember(plain(name()))
      }
    })
  }

  function substitutedType(): Type {
    const known = substitution()
    return peek() === 'I' ? remember(plain(show(known) + showArguments(templateArgumentList()))) : known
  }

  function qualified(): Type {
    let words = ''
    if (accept('r')) words = ' __restrict'
    if (accept('V')) words = ` volatile${words}`
    if (accept('K')) words = ` const${words}`
    if (peek() === 'F') return functionType()
    const inner = type()
    return { ...inner, left: inner.left + words }
  }

  function pointer(target: Type, sign: string): Type {
    return target.isCompound
      ? { left: `${target.left}(${sign}`, right: `)${target.right}`, isCompound: false }
      : { ...target, left: target.left + sign }
  }

  function functionType(): Type {
    accept('Do')
    expect('F')
    accept('Y')
    const result = type()
    const parameters: string[] = []
    while (!accept('E')) {
      if (peek(2) === 'RE' || peek(2) === 'OE') at += 1
      else parameters.push(show(type()))
    }
    const list =
      parameters.length === 1 && parameters[0] === 'void' ? '' : parameters.filter(Boolean).join(', ')
    return { left: `${result.left} `, right: `(${list})${result.right}`, isCompound: true }
  }

  function arrayType(): Type {
    expect('A')
    const size = /^\d*/.exec(peek(12))?.[0] ?? ''
    at += size.length
    expect('_')
    const element = type()
    const left = element.isCompound ? element.left : `${element.left} `
    return { left, right: `[${size}]${element.right}`, isCompound: true }
  }

  function memberPointer(): Type {
    expect('M')
    const owner = show(type())
    return pointer(type(), `${owner}::*`)
  }

  return {
    encoding() {
      const found = encoding()
      return found.length > MAX_OUTPUT ? refuse() : found
    },
  }
}

function show({ left, right }: Type): string {
  return left.trimEnd() === left || right !== '' ? left + right : left.trimEnd()
}

/** `operator<< <int>` */
function spaceAfter(name: string): string {
  return name.endsWith('<') ? ' ' : ''
}

function showArguments(found: readonly Type[]): string {
  const list = found.map(show).filter(Boolean).join(', ')
  return list.endsWith('>') ? `<${list} >` : `<${list}>`
}

/** `std::vector<int>` → `vector`: what its constructor is called. */
function ownName(tagged: string): string {
  const scope = tagged.replace(/\[abi:\w+\]$/, '')
  let depth = 0
  let name = ''
  for (let i = scope.length - 1; i >= 0; i -= 1) {
    const character = scope[i] ?? ''
    if (character === '>') depth += 1
    else if (character === '<') depth -= 1
    else if (depth === 0 && character === ':') break
    else if (depth === 0) name = character + name
  }
  const isAbbreviated = /^std::(?:string|istream|ostream|iostream)$/.test(scope)
  return isAbbreviated ? `basic_${name}` : name
}

const RUST_ESCAPES: Readonly<Record<string, string>> = {
  SP: '@',
  BP: '*',
  RF: '&',
  LT: '<',
  GT: '>',
  LP: '(',
  RP: ')',
  C: ',',
}

/** Escapes of the older mangling of Rust: `$LT$`, `$u7b$`, and `..` for `::`. */
function fromRust(name: string): string {
  if (!name.includes('$') && !name.includes('..')) return name
  return name
    .replace(/^_(?=\$)/, '')
    .replaceAll('..', '::')
    .replace(
      /\$(?:u([0-9a-f]{1,4})|(SP|BP|RF|LT|GT|LP|RP|C))\$/g,
      (_, code: string | undefined, word: string) =>
        code === undefined ? (RUST_ESCAPES[word] ?? '') : String.fromCharCode(Number.parseInt(code, 16)),
    )
}

function withoutRustHash(name: string): string {
  return name.replace(/::h[0-9a-f]{16}$/, '')
}
