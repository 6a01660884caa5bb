import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { needs } from '../e2e/support/requirements.js'

const TESTS = fileURLToPath(new URL('.', import.meta.url))
const RULES = fileURLToPath(new URL('../../deploy/prometheus/rules/', import.meta.url))
const rules = readdirSync(RULES).filter((file) => file.endsWith('.yml'))
const ruleTests = readdirSync(TESTS).filter((file) => file.endsWith('.test.yml'))

/** Output of promtool. @throws {Error} With that output, where it finds a fault. */
function promtool(...args: readonly string[]): string {
  return execFileSync('promtool', args, { encoding: 'utf8' })
}

describe.runIf(needs('promtool'))('Prometheus', () => {
  test.each(rules)('takes the rules of %s', (file) => {
    expect(promtool('check', 'rules', join(RULES, file))).toContain('SUCCESS')
  })

  // Hours of series, minute by minute: some seconds of computing, more on a loaded machine.
  test.each(ruleTests)('finds what %s expects', { timeout: 120_000 }, (file) => {
    expect(promtool('test', 'rules', join(TESTS, file))).toContain('SUCCESS')
  })
})

test('every file of rules has a test', () => {
  expect(ruleTests.map((file) => file.replace('.test.yml', '.yml')).sort()).toEqual(rules.sort())
})
