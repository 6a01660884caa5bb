import { expect, test } from 'vitest'
import { BACKENDS } from '../../src/config/backend.js'
import { createBackends } from '../../src/tracer/backends.js'

const CONTEXT = { isRoot: true, capabilities: undefined, monotonicNs: () => 0n }
const SETTINGS = { moduleFile: undefined, cacheFolder: '/var/cache/amdahl_exporter' }

test('auto tries bpftrace first, and does without a tracer where none can run', () => {
  const names = createBackends({ ...SETTINGS, backend: 'auto' }, CONTEXT).map(({ name }) => name)
  expect(names).toEqual(['bpftrace', 'systemtap', 'none'])
})

test.each(BACKENDS)('%s is the only one tried where it is asked for', (backend) => {
  const names = createBackends({ ...SETTINGS, backend }, CONTEXT).map(({ name }) => name)
  expect(names).toEqual([backend])
})
