import { BUILTINS, LITERAL_SUFFIXES, OPERATORS, SPECIAL, SPECIAL_NAMES } from './codes.js'
import { createMangled, type Mangled, readSubstitution, readTemplateParameter } from './mangled.js'
import { readSequence, readSourceName, skipDiscriminator, skipOffset } from './mangled-text.js'
import { refuse } from './refuse.js'
import {
  arrayOf,
  bounded,
  constructorName,
  functionOf,
  plain,
  pointerTo,
  show,
  type Type,
  withArguments,
} from './type-text.js'

/**
 * Reads a name by the rules of the Itanium C++ ABI, section 5.1: each function reads the rule of its name.
 *
 * @param text Mangled, without `_Z`.
 * @throws {NotUnderstood} It has another form, or is too long.
 */
export function readEncoding(text: string): string {
  return bounded(encoding(createMangled(text)))
}

function encoding(mangled: Mangled): string {
  const { text } = mangled
  return text.nested(() => {
    for (const [code, words] of Object.entries(SPECIAL)) {
      if (text.accept(code)) return words + show(type(mangled))
    }
    for (const [code, words] of Object.entries(SPECIAL_NAMES)) {
      if (text.accept(code)) return words + name(mangled)
    }
    if (text.accept('GR')) return `reference temporary for ${name(mangled)}`
    if (text.accept('Th')) {
      skipOffset(text)
      return `non-virtual thunk to ${encoding(mangled)}`
    }
    if (text.accept('Tv')) {
      skipOffset(text)
      skipOffset(text)
      return `virtual thunk to ${encoding(mangled)}`
    }
    return name(mangled)
  })
}

function name(mangled: Mangled): string {
  const { text, substitutions } = mangled
  if (text.peek() === 'N') return nestedName(mangled)
  if (text.peek() === 'Z') return localName(mangled)
  if (text.peek() === 'S' && text.peek(2) !== 'St') {
    const known = show(readSubstitution(mangled))
    return text.peek() === 'I' ? withArguments(known, ownArguments(mangled)) : known
  }
  const unscoped = text.accept('St') ? `std::${unqualifiedName(mangled, '')}` : unqualifiedName(mangled, '')
  if (text.peek() !== 'I') return unscoped
  substitutions.remember(plain(unscoped))
  return withArguments(unscoped, ownArguments(mangled))
}

function nestedName(mangled: Mangled): string {
  const { text, substitutions } = mangled
  return text.nested(() => {
    text.expect('N')
    while (text.accept('r') || text.accept('V') || text.accept('K'));
    if (!text.accept('R')) text.accept('O')
    let prefix = ''
    let own = ''
    while (!text.accept('E')) {
      if (text.peek() === 'I') {
        if (prefix === '') refuse()
        prefix = withArguments(prefix, ownArguments(mangled))
      } else if (text.peek() === 'S' && text.peek(2) !== 'St') {
        if (prefix !== '') refuse()
        prefix = show(readSubstitution(mangled))
        own = constructorName(prefix)
        continue
      } else if (text.peek() === 'T') {
        if (prefix !== '') refuse()
        prefix = show(readTemplateParameter(mangled))
      } else if (prefix === '' && text.accept('St')) {
        prefix = 'std'
        continue
      } else if (text.accept('M')) {
        continue
      } else {
        own = unqualifiedName(mangled, own)
        prefix = prefix === '' ? own : `${prefix}::${own}`
      }
      if (text.peek() !== 'E') substitutions.remember(plain(prefix))
    }
    return prefix
  })
}

function localName(mangled: Mangled): string {
  const { text } = mangled
  return text.nested(() => {
    text.expect('Z')
    const outer = mangled.templateArguments
    const scope = encoding(mangled)
    while (!text.accept('E')) type(mangled)
    mangled.templateArguments = outer
    if (text.accept('s')) {
      skipDiscriminator(text)
      return `${scope}::string literal`
    }
    if (text.accept('d')) readSequence(text, 10)
    const inner = name(mangled)
    skipDiscriminator(text)
    return `${scope}::${inner}`
  })
}

/** @param scope Name of the class that a constructor would be of. */
function unqualifiedName(mangled: Mangled, scope: string): string {
  const { text } = mangled
  text.accept('L')
  let found = nameWithoutTags(mangled, scope)
  while (text.accept('B')) found += `[abi:${readSourceName(text)}]`
  return found
}

function nameWithoutTags(mangled: Mangled, scope: string): string {
  const { text } = mangled
  if (/\d/.test(text.peek())) return readSourceName(text)
  if (text.peek() === 'C') {
    if (!text.match(/^C[1-5]/, 2) || scope === '') refuse()
    return constructorName(scope)
  }
  if (text.match(/^D[0-5]/, 2)) return scope === '' ? refuse() : `~${constructorName(scope)}`
  if (text.accept('DC')) {
    const names: string[] = []
    while (!text.accept('E')) names.push(readSourceName(text))
    return `[${names.join(', ')}]`
  }
  if (text.accept('Ut')) return `{unnamed type#${readSequence(text, 10) + 1}}`
  if (text.accept('Ul')) {
    const outer = mangled.templateArguments
    mangled.templateArguments = []
    while (!text.accept('E')) type(mangled)
    mangled.templateArguments = outer
    return `{lambda#${readSequence(text, 10) + 1}}`
  }
  if (text.accept('cv')) return `operator ${show(type(mangled))}`
  if (text.accept('li')) return `operator"" ${readSourceName(text)}`
  const operator = OPERATORS[text.peek(2)] ?? refuse()
  text.skip(2)
  return `operator${operator}`
}

/** Arguments of a name: what follows may refer to them, while those of a type are its own. */
function ownArguments(mangled: Mangled): readonly Type[] {
  mangled.templateArguments = templateArguments(mangled)
  return mangled.templateArguments
}

function templateArguments(mangled: Mangled): readonly Type[] {
  const { text } = mangled
  return text.nested(() => {
    text.expect('I')
    const found: Type[] = []
    while (!text.accept('E')) found.push(templateArgument(mangled))
    return found
  })
}

function templateArgument(mangled: Mangled): Type {
  const { text } = mangled
  return text.nested(() => {
    if (text.accept('J')) {
      const pack: Type[] = []
      while (!text.accept('E')) pack.push(templateArgument(mangled))
      return plain(pack.map(show).filter(Boolean).join(', '))
    }
    if (text.accept('L')) return plain(literal(mangled))
    if (text.peek() === 'X') refuse()
    return type(mangled)
  })
}

function literal(mangled: Mangled): string {
  const { text } = mangled
  if (text.accept('_Z')) {
    const found = encoding(mangled)
    while (!text.accept('E')) type(mangled)
    return `&${found}`
  }
  const code = text.peek()
  const literalType = show(type(mangled))
  const [, minus, digits] = text.match(/^(n?)(\d*)E/, 64) ?? refuse()
  const number = `${minus === '' ? '' : '-'}${digits}`
  if (code === 'b') return number === '1' ? 'true' : 'false'
  const suffix = LITERAL_SUFFIXES[code]
  return suffix === undefined ? `(${literalType})${number}` : number + suffix
}

function type(mangled: Mangled): Type {
  const { text, substitutions } = mangled
  return text.nested(() => {
    for (const length of [2, 1]) {
      const builtin = BUILTINS[text.peek(length)]
      if (builtin === undefined) continue
      text.skip(length)
      return plain(builtin)
    }
    if (text.peek() === 'S' && text.peek(2) !== 'St') return substitutedType(mangled)
    if (text.peek() === 'T') {
      const parameter = substitutions.remember(readTemplateParameter(mangled))
      return text.peek() === 'I' ? instance(mangled, parameter) : parameter
    }
    return substitutions.remember(newType(mangled))
  })
}

/** A type that may be referred to from now on. */
function newType(mangled: Mangled): Type {
  const { text } = mangled
  switch (text.peek()) {
    case 'r':
    case 'V':
    case 'K':
      return qualifiedType(mangled)
    case 'F':
      return functionType(mangled)
    case 'A':
      return arrayType(mangled)
    case 'M':
      return memberPointerType(mangled)
  }
  if (text.accept('P')) return pointerTo(type(mangled), '*')
  if (text.accept('R')) return pointerTo(type(mangled), '&')
  if (text.accept('O')) return pointerTo(type(mangled), '&&')
  if (text.accept('u')) return plain(readSourceName(text))
  if (text.accept('Dp')) return type(mangled)
  if (text.peek() === 'D') return text.peek(2) === 'Do' ? functionType(mangled) : refuse()
  return plain(name(mangled))
}

function substitutedType(mangled: Mangled): Type {
  const known = readSubstitution(mangled)
  return mangled.text.peek() === 'I' ? instance(mangled, known) : known
}

/** A template with its arguments. */
function instance(mangled: Mangled, template: Type): Type {
  return mangled.substitutions.remember(plain(withArguments(show(template), templateArguments(mangled))))
}

function qualifiedType(mangled: Mangled): Type {
  const { text } = mangled
  let words = ''
  if (text.accept('r')) words = ' __restrict'
  if (text.accept('V')) words = ` volatile${words}`
  if (text.accept('K')) words = ` const${words}`
  if (text.peek() === 'F') return functionType(mangled)
  const inner = type(mangled)
  return { ...inner, left: inner.left + words }
}

function functionType(mangled: Mangled): Type {
  const { text } = mangled
  text.accept('Do')
  text.expect('F')
  text.accept('Y')
  const result = type(mangled)
  const parameters: string[] = []
  while (!text.accept('E')) {
    if (text.peek(2) === 'RE' || text.peek(2) === 'OE') text.skip(1)
    else parameters.push(show(type(mangled)))
  }
  return functionOf(result, parameters)
}

function arrayType(mangled: Mangled): Type {
  const { text } = mangled
  text.expect('A')
  const size = text.match(/^\d*/, 12)?.[0] ?? ''
  text.expect('_')
  return arrayOf(type(mangled), size)
}

function memberPointerType(mangled: Mangled): Type {
  mangled.text.expect('M')
  const owner = show(type(mangled))
  return pointerTo(type(mangled), `${owner}::*`)
}
