import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { MAX_SAMPLE_HZ, readScriptOptions, SCRIPT } from '../../../src/tracer/systemtap/script.js'

test('the options in the head of the script are those that SystemTap is given', () => {
  const options = readScriptOptions()
  const text = readFileSync(SCRIPT, 'utf8')
  expect(options).toContain('-DKRETACTIVE=16384')
  expect(options).toContain('-DSTP_OVERLOAD_THRESHOLD=250000000LL')
  expect(options).toHaveLength(text.match(/-D[A-Z]/g)?.length ?? 0)
  for (const option of options) expect(option).toMatch(/^-D[A-Z_]+=\w+$/)
})

test('the rate of ticks is the one of the script', () => {
  const rate = /@define TICK_HZ %\( (\d+) %\)/.exec(readFileSync(SCRIPT, 'utf8'))?.[1]
  expect(Number(rate)).toBe(MAX_SAMPLE_HZ)
})
