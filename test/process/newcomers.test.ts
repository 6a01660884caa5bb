import { expect, test } from 'vitest'
import type { ProcessStat } from '../../src/parse/proc-pid-stat.js'
import { createNewcomers } from '../../src/process/newcomers.js'
import { processIdentity } from '../support/measured.js'

const SHOPD = new Set(['shopd'])

function machine() {
  const processes = new Map<number, string>()
  const read: number[] = []
  const stat = (pid: number, comm: string): ProcessStat => {
    const { facts } = processIdentity(pid)
    return { ...facts.stat, comm, hasEnded: comm === 'ended' }
  }
  const { look } = createNewcomers(
    {
      readPids: () => [...processes.keys()],
      readProcess(pid) {
        read.push(pid)
        const comm = processes.get(pid)
        return comm === undefined ? undefined : stat(pid, comm)
      },
    },
    (pid) => (processes.get(pid) === 'shopd' ? processIdentity(pid) : undefined),
  )
  return { processes, read, look: (names = SHOPD) => look(names).map(({ pid }) => pid) }
}

test('those that have started since the last look are identified, if their program is looked for', () => {
  const { processes, look } = machine()
  processes.set(1, 'shopd')
  expect(look()).toEqual([])
  processes.set(2, 'shopd').set(3, 'cron')
  expect(look()).toEqual([2])
})

test('one that runs its program a little later is found at the next look, and not again', () => {
  const { processes, look, read } = machine()
  look()
  look()
  processes.set(2, 'sh').set(3, 'ended')
  expect(look()).toEqual([])
  processes.set(2, 'shopd')
  expect(look()).toEqual([2])
  expect(read).toEqual([2, 3, 2, 3])
  expect(look()).toEqual([])
  expect(read).toHaveLength(4)
})

test('nothing is read while nothing is looked for', () => {
  const { processes, look, read } = machine()
  look()
  processes.set(2, 'shopd')
  expect(look(new Set())).toEqual([])
  processes.set(3, 'shopd')
  // Another first look.
  expect(look()).toEqual([])
  expect(read).toEqual([])
})

test('of many that start at once the last ones are identified', () => {
  const { processes, look, read } = machine()
  look()
  for (let pid = 2; pid < 2000; pid += 1) processes.set(pid, 'shopd')
  expect(look()).toEqual(Array.from({ length: 32 }, (_, index) => 1968 + index))
  expect(read).toHaveLength(512)
})
