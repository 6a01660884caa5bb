import { refuse } from './refuse.js'

/** A type around the place where a declared name would stand: `void (` and `)(int)`. */
export interface Type {
  readonly left: string
  readonly right: string
  /** A pointer to it needs parentheses: functions and arrays. */
  readonly isCompound: boolean
}

/** Longer names are left mangled: substitutions can make a short one explode. Characters. */
const MAX_LENGTH = 16_384

/** Refuses a text that is too long. */
export function bounded(text: string): string {
  return text.length > MAX_LENGTH ? refuse() : text
}

export function plain(left: string): Type {
  return { left: bounded(left), right: '', isCompound: false }
}

/** @param sign `*`, `&`, `&&`, or `Owner::*`. */
export function pointerTo(target: Type, sign: string): Type {
  return target.isCompound
    ? { left: `${target.left}(${sign}`, right: `)${target.right}`, isCompound: false }
    : { ...target, left: target.left + sign }
}

export function functionOf(result: Type, parameters: readonly string[]): Type {
  const list =
    parameters.length === 1 && parameters[0] === 'void' ? '' : parameters.filter(Boolean).join(', ')
  return { left: `${result.left} `, right: `(${list})${result.right}`, isCompound: true }
}

/** @param size Digits; empty where it is open. */
export function arrayOf(element: Type, size: string): Type {
  const left = element.isCompound ? element.left : `${element.left} `
  return { left, right: `[${size}]${element.right}`, isCompound: true }
}

export function show({ left, right }: Type): string {
  return left.trimEnd() === left || right !== '' ? left + right : left.trimEnd()
}

/** `name<int, char>`, as GNU writes it: `operator<< <int>`, `Cache<List<int> >`. */
export function withArguments(name: string, found: readonly Type[]): string {
  const list = found.map(show).filter(Boolean).join(', ')
  return `${name}${name.endsWith('<') ? ' ' : ''}<${list}${list.endsWith('>') ? ' ' : ''}>`
}

/** `std::vector<int>` → `vector`: what its constructor is called. */
export function constructorName(tagged: string): string {
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
