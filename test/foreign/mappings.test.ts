import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readMappings } from '../../src/foreign/mappings.js'
import { createRefusals } from '../../src/foreign/refusal.js'
import { parseProcMaps } from '../../src/parse/proc-maps.js'

const folder = mkdtempSync(join(tmpdir(), 'amdahl-mappings-'))
const file = join(folder, 'maps')
afterAll(() => rmSync(folder, { recursive: true }))

function read(count: number, pathOf: (index: number) => string) {
  const lines = Array.from(
    { length: count },
    (_, i) => `${(i + 1).toString(16)}000-${(i + 2).toString(16)}000 r-xp 00000000 fe:00 1 ${pathOf(i)}`,
  )
  const text = `${lines.join('\n')}\n`
  writeFileSync(file, text)
  const refusals = createRefusals()
  return { text, mappings: readMappings(file, '/proc/7/maps', refusals), refused: refusals.take() }
}

const TOO_LARGE = [{ reason: 'too-large', path: '/proc/7/maps' }]

describe('the mappings of a process', () => {
  test('are all of them, whatever the characters of a path', () => {
    const { text, mappings, refused } = read(3000, (i) => `/srv/größe-😀-${i % 7}.so`)
    expect(mappings).toEqual(parseProcMaps(text))
    expect(refused).toEqual([])
  })

  test.each([
    ['of more than the kernel allows', 65_537, () => ''],
    ['with more text than is read', 5000, () => `/${'d'.repeat(3777)}`],
    ['with more paths than are kept', 3000, (i: number) => `/${i}${'d'.repeat(1500)}`],
  ])('%s are none', (_, count, pathOf) => {
    const { mappings, refused } = read(count, pathOf)
    expect([mappings, refused]).toEqual([undefined, TOO_LARGE])
  })

  test('are read also where one file is mapped as often as can be', () => {
    expect(read(65_000, () => '/srv/shopd').mappings).toHaveLength(65_000)
  })
})
