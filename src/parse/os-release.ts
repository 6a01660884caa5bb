/** Variables of os-release(5): lines of NAME=VALUE, the value quoted as the shell has it or bare. Other lines are left out. */
export function parseOsRelease(text: string): ReadonlyMap<string, string> {
  const variables = new Map<string, string>()
  for (const line of text.split('\n')) {
    const { name, single, quoted, bare } =
      /^(?<name>[A-Z][A-Z0-9_]*)=(?:'(?<single>[^']*)'|"(?<quoted>(?:[^"\\]|\\.)*)"|(?<bare>[^\s'"]*))\s*$/.exec(
        line,
      )?.groups ?? {}
    if (name !== undefined) variables.set(name, single ?? quoted?.replaceAll(/\\(.)/g, '$1') ?? bare ?? '')
  }
  return variables
}
