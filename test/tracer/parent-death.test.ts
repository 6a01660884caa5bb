import { afterEach, expect, test } from 'vitest'
import { withParentDeathSignal } from '../../src/tracer/parent-death.js'
import { needs } from '../e2e/support/requirements.js'

const COMMAND = { file: 'bpftrace', args: ['-B', 'line'], env: { A: 'b' } }
const PATH = process.env.PATH

afterEach(() => {
  process.env.PATH = PATH
})

test.skipIf(!needs('setpriv'))('the kernel is told how to end the tracer', async () => {
  expect(await withParentDeathSignal(COMMAND, 'TERM')).toEqual({
    file: 'setpriv',
    args: ['--pdeathsig', 'TERM', 'bpftrace', '-B', 'line'],
    env: { A: 'b' },
  })
})

test('without setpriv the tracer is started as it is', async () => {
  process.env.PATH = '/nonexistent'
  expect(await withParentDeathSignal(COMMAND, 'KILL')).toEqual(COMMAND)
})
