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
