import { expect, test } from 'vitest'
import { withParentDeathSignal } from '../../src/tracer/parent-death.js'
import { createTools } from '../../src/tracer/tools.js'
import { needs } from '../e2e/support/requirements.js'

const COMMAND = { file: 'bpftrace', args: ['-B', 'line'], env: { A: 'b' } }

test.skipIf(!needs('setpriv'))('the kernel is told how to end the tracer', async () => {
  expect(await withParentDeathSignal(COMMAND, 'TERM')).toEqual({
    file: expect.stringMatching(/^\/.*\/setpriv$/),
    args: ['--pdeathsig', 'TERM', 'bpftrace', '-B', 'line'],
    env: { A: 'b' },
  })
})

test('without setpriv the tracer is started as it is', async () => {
  expect(await withParentDeathSignal(COMMAND, 'KILL', createTools(['/nonexistent']))).toEqual(COMMAND)
})
