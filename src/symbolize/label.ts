/** Longest label of a lock. Characters. */
export const MAX_LABEL = 120
/** Length of the hash and its two marks. */
const MARK_LENGTH = 10

/**
 * A label of at most {@link MAX_LABEL} characters: of a long name first the template arguments are left out, then its
 * middle, in whose place a hash keeps names apart. Characters that no terminal shows are replaced.
 *
 * @param prefix Library and source file.
 * @param suffix Offset: it is never cut.
 */
export function shortenLabel(prefix: string, name: string, suffix: string): string {
  const whole = printable(prefix + name)
  const room = MAX_LABEL - suffix.length
  if (whole.length <= room) return whole + suffix
  const bare = printable(prefix + withoutTemplateArguments(name))
  if (bare.length <= room) return bare + suffix
  const side = Math.floor((room - MARK_LENGTH) / 2)
  return `${bare.slice(0, side)}~${hash(whole)}~${bare.slice(-side)}${suffix}`
}

function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, '\ufffd')
}

/** `Cache<K, std::less<K> >::get` → `Cache<...>::get`; operators are no brackets. */
function withoutTemplateArguments(name: string): string {
  let depth = 0
  let result = ''
  for (let i = 0; i < name.length; i += 1) {
    const character = name[i] ?? ''
    const isOperator = /operator[<>=-]{0,2}$/.test(name.slice(Math.max(0, i - 10), i))
    if (character === '<' && !isOperator) {
      if (depth === 0) result += '<...>'
      depth += 1
    } else if (character === '>' && !isOperator && depth > 0) depth -= 1
    else if (depth === 0) result += character
  }
  return result
}

/** FNV-1a of 32 bits, in eight digits. */
function hash(text: string): string {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i += 1) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  return (value >>> 0).toString(16).padStart(8, '0')
}
