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
  const { look, presence } = createNewcomers(
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
  const present = (pid: number) => presence(processIdentity(pid))
  return { processes, read, present, look: (names = SHOPD) => look(names).map(({ pid }) => pid) }
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
  expect(look()).toEqual([])
  expect(read).toEqual([2, 3, 2, 3])
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

test('what was met is known to have been there from its first look to its last', () => {
  const { processes, look, present } = machine()
  look()
  look()
  processes.set(2, 'shopd').set(3, 'sh')
  look()
  processes.set(3, 'shopd')
  look()
  processes.delete(2)
  processes.set(4, 'shopd')
  look()
  const [first, second, third] = [2, 3, 4].map(present)
  expect([first, second, third]).toEqual([
    { pid: 2, first: 3, last: 4 },
    { pid: 3, first: 3, last: 5 },
    { pid: 4, first: 5, last: 5 },
  ])
  expect(present(9)).toBeUndefined()
  look(new Set())
  expect(present(4)).toBeUndefined()
})
