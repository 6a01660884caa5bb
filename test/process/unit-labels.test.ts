import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createRefusals } from '../../src/foreign/refusal.js'
import { readUnitLabel } from '../../src/process/unit-labels.js'

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'amdahl-units-'))
})

afterEach(() => rmSync(root, { recursive: true }))

function write(path: string, ...lines: readonly string[]): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), `${lines.join('\n')}\n`)
}

function version(unit = 'shop.service'): string | undefined {
  return readUnitLabel(root, unit, 'X-Version', createRefusals())
}

test.each([
  ['in [Unit]', ['[Unit]', 'X-Version=1'], '1'],
  ['in [Service]', ['[Service]', 'X-Version = 1.4.2 beta '], '1.4.2 beta'],
  ['in another section', ['[Install]', 'X-Version=1'], undefined],
  ['before any section', ['X-Version=1'], undefined],
  ['in a comment', ['[Unit]', '#X-Version=1', ';X-Version=2'], undefined],
  ['twice', ['[Unit]', 'X-Version=1', '[Service]', 'X-Version=2'], '2'],
  ['taken back', ['[Unit]', 'X-Version=1', 'X-Version='], undefined],
  ['continued', ['[Unit]', 'X-Version=1 \\', '# not this', '  2', 'Description=x'], '1    2'],
  ['with an equals sign', ['[Unit]', 'X-Version=a=b'], 'a=b'],
  ['in other letters', ['[Unit]', 'x-version=1'], undefined],
])('a key %s', (_, lines, value) => {
  write('usr/lib/systemd/system/shop.service', ...lines)
  expect(version()).toBe(value)
})

test('the first folder of the load path has the unit', () => {
  for (const [index, folder] of [
    'lib/systemd/system',
    'usr/lib/systemd/system',
    'usr/local/lib/systemd/system',
    'run/systemd/generator',
    'run/systemd/system',
    'etc/systemd/system',
  ].entries()) {
    write(`${folder}/shop.service`, '[Unit]', `X-Version=${index}`)
    expect(version()).toBe(String(index))
  }
})

test('a masked unit has no value', () => {
  write('usr/lib/systemd/system/shop.service', '[Unit]', 'X-Version=1')
  mkdirSync(join(root, 'etc/systemd/system'), { recursive: true })
  symlinkSync('/dev/null', join(root, 'etc/systemd/system/shop.service'))
  expect(version()).toBeUndefined()
})

test('an instance has the file of its template, or its own', () => {
  write('etc/systemd/system/app@.service', '[Unit]', 'X-Version=1')
  expect(version('app@eu\\x2dwest.service')).toBe('1')
  write('usr/lib/systemd/system/app@2.service', '[Unit]', 'X-Version=2')
  expect(version('app@2.service')).toBe('2')
})

test('drop-ins apply in the order of their names, whatever the folder', () => {
  write('usr/lib/systemd/system/shop.service', '[Unit]', 'X-Version=1')
  write('etc/systemd/system/shop.service.d/10-a.conf', '[Unit]', 'X-Version=2')
  write('usr/lib/systemd/system/shop.service.d/20-b.conf', '[Unit]', 'X-Version=3')
  write('etc/systemd/system/shop.service.d/90-c.txt', '[Unit]', 'X-Version=4')
  expect(version()).toBe('3')
  write('etc/systemd/system/shop.service.d/20-b.conf', '')
  expect(version()).toBe('2')
})

test('drop-ins of the template, of a prefix and of the type apply, the most specific of one name', () => {
  write('run/systemd/transient/shop-eu@1.service', '[Unit]')
  for (const [index, folder] of [
    'service.d',
    'shop-@.service.d',
    'shop-@1.service.d',
    'shop-eu@.service.d',
    'shop-eu@1.service.d',
  ].entries()) {
    write(`etc/systemd/system/${folder}/50-version.conf`, '[Service]', `X-Version=${index}`)
    expect(version('shop-eu@1.service')).toBe(String(index))
  }
})

test.each(['', 'shop', '../shop.service', 'a/shop.service', '..', 'gone.service'])(
  '%j has no value',
  (unit) => {
    write('etc/systemd/system/shop.service', '[Unit]', 'X-Version=1')
    expect(version(unit)).toBeUndefined()
  },
)

test('never throws', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (text, key) => {
      write('etc/systemd/system/shop.service', '[Unit]', text)
      void readUnitLabel(root, 'shop.service', key, createRefusals())
    }),
    { numRuns: 50 },
  )
})
