import { readFileSync } from 'node:fs'

/** Version of this package, from its package.json, which is beside both src/ and dist/. */
export function readVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
