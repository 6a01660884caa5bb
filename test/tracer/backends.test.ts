import { expect, test } from 'vitest'
import { BACKENDS } from '../../src/config/backend.js'
import { createBackends } from '../../src/tracer/backends.js'

const SETTINGS = { moduleFile: undefined, cacheFolder: '/var/cache/amdahl_exporter' }

test('auto tries bpftrace first', () => {
  const names = createBackends({ ...SETTINGS, backend: 'auto' }, true).map(({ name }) => name)
  expect(names).toEqual(['bpftrace', 'systemtap'])
})

test.each(BACKENDS)('%s is the only one tried where it is asked for', (backend) => {
  const names = createBackends({ ...SETTINGS, backend }, true).map(({ name }) => name)
  expect(names).toEqual([backend])
})
