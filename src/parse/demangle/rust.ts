const ESCAPES: Readonly<Record<string, string>> = {
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
export function fromRust(name: string): string {
  if (!name.includes('$') && !name.includes('..')) return name
  return name
    .replace(/^_(?=\$)/, '')
    .replaceAll('..', '::')
    .replace(
      /\$(?:u([0-9a-f]{1,4})|(SP|BP|RF|LT|GT|LP|RP|C))\$/g,
      (_, code: string | undefined, word: string) =>
        code === undefined ? (ESCAPES[word] ?? '') : String.fromCharCode(Number.parseInt(code, 16)),
    )
}

/** Rust ends each name with a hash of the crate that it is compiled for. */
export function withoutRustHash(name: string): string {
  return name.replace(/::h[0-9a-f]{16}$/, '')
}
