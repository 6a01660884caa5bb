import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { NEEDS } from '../../src/privileges/needs.js'
import { ROOT } from '../e2e/support/exporter.js'

/** What bpftrace needs, and what is read of others. */
const needed = NEEDS.flatMap(({ capability, backend }) =>
  backend === 'systemtap' ? [] : [capability],
).sort()

test.each([
  ['scripts/start.sh', /^capabilities=(.*)$/m, /\+(\w+)/g],
  ['deploy/systemd/amdahl_exporter.service', /^CapabilityBoundingSet=(.*)$/m, /CAP_(\w+)/g],
])('%s gives the exporter the capabilities that it needs, and no others', (file, line, name) => {
  const list = line.exec(readFileSync(join(ROOT, file), 'utf8'))?.[1] ?? ''
  expect([...list.matchAll(name)].map(([, one = '']) => one.toLowerCase()).sort()).toEqual(needed)
})

test('programs are not looked for where npm puts those of folders above', () => {
  const script = join(ROOT, 'scripts/safe-path.sh')
  const path = '/tmp/node_modules/.bin:relative::/usr/bin:/a/node_modules/x:/bin'
  const run = ['-c', `. ${script}; printf '%s' "$PATH"`]
  expect(execFileSync('/bin/sh', run, { env: { PATH: path }, encoding: 'utf8' })).toBe('/usr/bin:/bin')
})
