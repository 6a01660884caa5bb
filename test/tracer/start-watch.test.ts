import { describe, expect, test } from 'vitest'
import { createStartPatience, createStartWatch } from '../../src/tracer/start-watch.js'

const LIMITS = { lookMs: 10_000, idleMs: 60_000, mostMs: 600_000 }

/** What is said at each look, a letter each, until it is to be ended: w(ait), s(low), e(nd). */
function watch(cpuSecondsAt: (seconds: number) => number | undefined): string {
  const patience = createStartPatience(LIMITS)
  let said = ''
  for (let seconds = 10; !said.endsWith('e') && seconds < 3600; seconds += 10) {
    said += { wait: 'w', slow: 's', stuck: 'e' }[patience.look(cpuSecondsAt(seconds))]
  }
  return said
}

describe('a tracer that has given no interval', () => {
  test.each<[string, (seconds: number) => number | undefined, string]>([
    ['and never works is ended after 60 s', () => 0, 'wwwwwe'],
    ['and cannot be read is ended after 60 s', () => undefined, 'wwwwwe'],
    ['and only wakes up is ended after 60 s', (seconds) => 0.009 * seconds, 'wwwwwe'],
    ['and stops working after 30 s is ended 60 s later', (seconds) => Math.min(30, seconds), 'wwwwwswwe'],
    ['and works is ended after 10 minutes', (seconds) => seconds, `wwwwws${'w'.repeat(53)}e`],
    ['and has little of a CPU is given as long', (seconds) => 0.02 * seconds, `wwwwws${'w'.repeat(53)}e`],
    [
      'and works now and then is given as long',
      (seconds) => Math.floor(seconds / 50),
      `wwwwws${'w'.repeat(53)}e`,
    ],
    ['and is not read once keeps what it had', (seconds) => (seconds === 20 ? undefined : 5), 'wwwwwse'],
    [
      'and loses a child whose time is not handed on is judged by what comes then',
      (seconds) => (seconds < 50 ? 100 : 1),
      'wwwwwse',
    ],
  ])('%s', (_, cpuSecondsAt, said) => expect(watch(cpuSecondsAt)).toBe(said))
})

test('is looked at until that is stopped', async () => {
  const pids: number[] = []
  await new Promise<void>((resolve) => {
    const stop = createStartWatch(
      (pid) => {
        if (pids.push(pid) === 3) {
          stop()
          resolve()
        }
        return undefined
      },
      { lookMs: 1, idleMs: 1000, mostMs: 1000 },
    )(7, { onSlow: () => {}, onStuck: () => {} })
  })
  expect(pids).toEqual([7, 7, 7])
})
