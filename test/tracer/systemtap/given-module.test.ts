import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createGivenModule } from '../../../src/tracer/systemtap/given-module.js'

const folder = mkdtempSync(join(tmpdir(), 'amdahl-given-module-'))
const file = join(folder, 'amdahl_futex.ko')
afterAll(() => rmSync(folder, { recursive: true }))

/** The parts of a module that are looked at. */
const built = (kernel: string) => `\x7fELF\0vermagic=${kernel} SMP mod_unload \x00\x005.1/0.191\0`

function check(text: string) {
  writeFileSync(file, text, 'latin1')
  return createGivenModule(file, '6.1.0').check()
}

describe('a module that is given', () => {
  test('for this kernel can be used, and has nothing to prepare', async () => {
    expect(await check(built('6.1.0'))).toEqual({ version: '5.1' })
    const module = createGivenModule(file, '6.1.0')
    expect(await module.prepare(AbortSignal.abort())).toBeUndefined()
    expect(module.file()).toBe(file)
  })

  test.each([
    ['for another kernel', built('6.2.0'), /was built for kernel 6\.2\.0, this one is 6\.1\.0/],
    ['of another program', '\x7fELF\0vermagic=6.1.0 SMP \0', /is no module of ours/],
    ['that is empty', '', /is no module of ours/],
  ])('%s cannot', async (_, text, problem) => {
    expect(await check(text)).toMatchObject({ problem: expect.stringMatching(problem) })
  })

  test('by another name cannot, since its name is part of it', async () => {
    expect(await createGivenModule('/srv/other.ko', '6.1.0').check()).toMatchObject({
      problem: 'the module /srv/other.ko must be named amdahl_futex.ko: its name is part of it',
    })
  })

  test('that is not there cannot', async () => {
    const absent = join(folder, 'absent/amdahl_futex.ko')
    expect(await createGivenModule(absent, '6.1.0').check()).toMatchObject({
      problem: expect.stringMatching(/^the module cannot be read \(ENOENT/),
    })
  })
})
