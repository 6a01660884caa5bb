import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ROOT } from '../e2e/support/exporter.js'
import { needs } from '../e2e/support/requirements.js'

const UNIT = join(ROOT, 'deploy/systemd/amdahl_exporter.service')
/** Of 10; in tenths, as --threshold takes it. */
const MAX_EXPOSURE = 40

describe.skipIf(!needs('systemd-analyze'))('the unit of systemd', () => {
  const folder = mkdtempSync(join(tmpdir(), 'amdahl-unit-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  function analyze(...args: readonly string[]): string {
    return execFileSync('systemd-analyze', ['--no-pager', ...args], { encoding: 'utf8', stdio: 'pipe' })
  }

  test('is one that systemd takes', () => {
    const program = join(folder, 'amdahl_exporter')
    writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 })
    const unit = join(folder, 'amdahl_exporter.service')
    const text = readFileSync(UNIT, 'utf8')
    expect(text).toContain('ExecStart=/usr/local/bin/amdahl_exporter ')
    writeFileSync(unit, text.replace('/usr/local/bin/amdahl_exporter', program))
    expect(analyze('verify', '--man=no', unit)).toBe('')
  })

  test('exposes no more than 4.0 of 10', () => {
    expect(analyze('security', '--offline=true', `--threshold=${MAX_EXPOSURE}`, UNIT)).toMatch(
      /Overall exposure level/,
    )
  })
})
