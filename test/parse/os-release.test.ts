import { expect, test } from 'vitest'
import { parseOsRelease } from '../../src/parse/os-release.js'

test('os-release: values bare, in quotes, with escapes; other lines are left out', () => {
  const text = `PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nNAME='a "b"'\nX="a \\"b\\" \\$c"\n# C=1\nbad line\nD="\n`
  expect([...parseOsRelease(text)]).toEqual([
    ['PRETTY_NAME', 'Debian GNU/Linux 12 (bookworm)'],
    ['ID', 'debian'],
    ['NAME', 'a "b"'],
    ['X', 'a "b" $c'],
  ])
})
