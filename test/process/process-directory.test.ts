import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { createProcessDirectory } from '../../src/process/process-directory.js'
import { createProcfs } from '../../src/sample/procfs.js'
import { until } from '../e2e/support/process.js'
import { createCountersOfProc } from '../sample/counters-of-proc.js'

let parent: ChildProcess | undefined
afterEach(() => parent?.kill('SIGKILL'))

test('a process that has ended and waits for its parent is no other program, and is not alive', async () => {
  // A parent that takes no notice of its child's end: `exec` leaves the child to a program that never waits.
  parent = spawn('sh', ['-c', 'sleep 0.5 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] })
  const [text] = (await once(parent.stdout as NodeJS.ReadableStream, 'data')) as [Buffer]
  const pid = Number(text.toString())
  let nowNs = 0n
  const directory = createProcessDirectory(createProcfs('/proc'), () => nowNs)
  await until('the child runs its program', 5, () => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sleep\n')
  const facts = directory.find(pid)
  if (!facts || facts === 'unreadable') throw new Error('not found')
  expect(facts.stat.hasEnded).toBe(false)
  expect(directory.isAlive(facts)).toBe(true)
  await until('it has ended', 5, () => / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')))
  nowNs += 3_000_000_000n
  expect(directory.find(pid)).toBe(facts)
  expect(directory.isAlive(facts)).toBe(false)
  expect(createProcessDirectory(createProcfs('/proc'), () => nowNs).find(pid)).toBeUndefined()
})

test('a process is looked at again when its pid has been reused, and remembered when it is gone', () => {
  const proc = createCountersOfProc()
  let nowNs = 0n
  const directory = createProcessDirectory(proc.procfs, () => nowNs)
  const commOf = (pid: number) => {
    const facts = directory.find(pid)
    return facts === 'unreadable' ? facts : facts?.stat.comm
  }
  proc.writeProcess(42, 1, 500, 'shopd')
  expect(commOf(42)).toBe('shopd')
  proc.writeProcess(42, 1, 900, 'cartd')
  nowNs += 6_000_000_000n
  expect(commOf(42)).toBe('cartd')
  proc.end(42)
  nowNs += 6_000_000_000n
  expect(commOf(42)).toBe('cartd')
  // Twice in an interval.
  expect(commOf(42)).toBe('cartd')
  nowNs += 3_000_000_000n
  expect(directory.find(42)).toBeUndefined()
  proc.remove()
})
