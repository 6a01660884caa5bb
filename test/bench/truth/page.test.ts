import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type Result, replaceRows } from './page.js'

/** As if no row had been made again. */
const PAGE = readFileSync('docs/truth.md', 'utf8').replace(/^Made again, .*\n\n/m, '')

const result = (name: string, verdict: Result['judgement']['verdict']): Result => ({
  name,
  section: 'Locks',
  title: 'one more time',
  truth: {
    p: 0.5,
    pAtLeast: undefined,
    queue: 2,
    inUse: undefined,
    busyCpus: 1,
    cpuInUse: 0.5,
    machineUtilization: 0.5,
    samples: 100,
    threads: 4,
  },
  answer: undefined,
  judgement: { verdict, why: [] },
})

/** As they are on the page. */
const ORDER = [...PAGE.matchAll(/^\| (\S+) \| .*\| \*\*/gm)].map(([, name = '']) => name)

const count = (page: string, verdict: string) =>
  Number(new RegExp(`^\\| ${verdict} \\| (\\d+) \\|$`, 'm').exec(page)?.[1])

test('rows that are made again take the place of those of their name, and are counted', () => {
  const first = replaceRows(PAGE, [result('normal', 'wrong')], '2026-01-01', ORDER)
  const second = replaceRows(
    first,
    [result('robust', 'wrong'), result('pool', 'unjudged')],
    '2026-01-02',
    ORDER,
  )
  const third = replaceRows(second, [result('robust', 'wrong')], '2026-01-03', ORDER)
  expect(count(second, 'wrong')).toBe(count(PAGE, 'wrong') + 2)
  expect(second.match(/\| one more time \|/g)).toHaveLength(3)
  expect(second.split('\n')).toHaveLength(first.split('\n').length)
  const [, , made, , again] = second.split('\n')
  expect(made).toBe(PAGE.split('\n')[2])
  expect(again).toBe(
    'Made again, by themselves: normal on 2026-01-01, robust on 2026-01-02, pool on 2026-01-02.',
  )
  expect(third).toContain('themselves: normal on 2026-01-01, pool on 2026-01-02, robust on 2026-01-03.')
})

test('a new row comes after the one that it follows, and is counted', () => {
  const place = ORDER.indexOf('robust')
  const page = replaceRows(PAGE, [result('new', 'wrong')], '2026-01-01', ORDER.toSpliced(place + 1, 0, 'new'))
  const rows = [...page.matchAll(/^\| (\S+) \| .*\| \*\*/gm)].map(([, name = '']) => name)
  expect(rows).toEqual(ORDER.toSpliced(place + 1, 0, 'new'))
  expect(count(page, 'wrong')).toBe(count(PAGE, 'wrong') + 1)
})
