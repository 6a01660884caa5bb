import { describe, expect, test } from 'vitest'
import { lineageOf } from '../../src/process/lineage.js'
import type { ProcessFacts } from '../../src/process/process-directory.js'
import { processStat } from '../support/measured.js'

const PYTHON = '/usr/bin/python3.11'

function python(
  pid: number,
  parentPid: number,
  layout: string,
  change: Partial<ProcessFacts> = {},
): ProcessFacts {
  return { stat: processStat(pid, { parentPid, layout, startSeconds: pid }), exe: PYTHON, ...change }
}

/** The last one's, among these. */
function lineage(...all: readonly ProcessFacts[]): readonly number[] {
  const last = all.at(-1)
  if (!last) throw new Error('none')
  return lineageOf(last, (pid) => all.find(({ stat }) => stat.pid === pid))
}

describe('what tells what an interpreter runs', () => {
  test('is nothing where the executable is none, or not known', () => {
    expect(lineage(python(5, 1, 'a', { exe: '/srv/shopd' }))).toEqual([])
    expect(lineage(python(5, 1, 'a', { exe: undefined }))).toEqual([])
  })

  test('is itself where something else started it', () => {
    expect(lineage(python(5, 1, 'a'))).toEqual([5])
    expect(lineage(python(4, 1, 'a', { exe: '/usr/bin/bash' }), python(5, 4, 'b'))).toEqual([5])
    expect(lineage(python(5, 1, 'a', { exe: `${PYTHON} (deleted)` }))).toEqual([5])
  })

  test('is the process from which it was forked, however often', () => {
    expect(lineage(python(4, 1, 'a'), python(5, 4, 'a'), python(6, 5, 'a'))).toEqual([4])
  })

  test('is then the one that started that, with the same executable', () => {
    expect(lineage(python(4, 1, 'a'), python(5, 4, 'b'), python(6, 5, 'b'))).toEqual([5, 4])
    expect(lineage(python(4, 1, 'a'), python(5, 4, 'a'), python(6, 5, 'b'))).toEqual([6, 4])
  })

  test('is no younger process that has the number of its parent now', () => {
    expect(lineage(python(9, 1, 'a'), python(5, 9, 'a'))).toEqual([5])
  })

  test('is found within 16 generations, four at most', () => {
    const forks = Array.from({ length: 30 }, (_, index) => python(100 + index, 99 + index, 'a'))
    expect(lineage(...forks)).toEqual([129])
    const execs = Array.from({ length: 30 }, (_, index) => python(100 + index, 99 + index, String(index)))
    expect(lineage(...execs)).toEqual([129, 128, 127, 126])
  })
})
