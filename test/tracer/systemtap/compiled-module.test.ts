import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createCompiledModule } from '../../../src/tracer/systemtap/compiled-module.js'

/** No kernel has this release, so that none has its headers either. */
const KERNEL = '0.0.0-none'
const PATH = process.env.PATH

/** A folder of another user is no cache. */
const isRoot = process.geteuid?.() === 0

let folder: string
let cache: string

/** Puts a stap first into the path: what it prints for -V, and what it does else. */
function installStap(version: string, otherwise: string): void {
  const stap = join(folder, 'bin/stap')
  mkdirSync(dirname(stap), { recursive: true })
  writeFileSync(stap, `#!/bin/sh\n[ "$1" = -V ] && { echo 'version ${version}/0.1'; exit; }\n${otherwise}\n`)
  chmodSync(stap, 0o755)
  process.env.PATH = `${dirname(stap)}:${PATH}`
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'amdahl-compiled-module-'))
  cache = join(folder, 'cache')
})

afterEach(() => {
  process.env.PATH = PATH
  rmSync(folder, { recursive: true })
})

describe('a module that is compiled', () => {
  test('needs stap', async () => {
    process.env.PATH = join(folder, 'bin')
    expect(await createCompiledModule(cache, KERNEL).check()).toMatchObject({
      problem: expect.stringMatching(/^stap is not installed/),
    })
  })

  test('needs the headers of the kernel', async () => {
    installStap('5.1', 'exit 1')
    expect(await createCompiledModule(cache, KERNEL).check()).toMatchObject({
      problem: expect.stringMatching(/^the headers of kernel 0\.0\.0-none are not installed/),
    })
  })

  test.skipIf(!isRoot)('is compiled once, in place of what was compiled before', async () => {
    installStap('5.1', 'echo module >amdahl_futex.ko')
    mkdirSync(join(cache, `${KERNEL}-old`), { recursive: true })
    mkdirSync(join(cache, 'other-kernel'))
    const module = createCompiledModule(cache, KERNEL)
    await module.check()
    expect(await module.prepare(new AbortController().signal)).toBeUndefined()
    expect(existsSync(module.file())).toBe(true)
    const names = readdirSync(cache)
    expect(names).toHaveLength(2)
    expect(names).not.toContain(`${KERNEL}-old`)
    installStap('5.1', 'exit 1')
    expect(await module.prepare(new AbortController().signal)).toBeUndefined()
    expect(await createCompiledModule(cache, KERNEL).check()).toEqual({ version: '5.1' })
  })

  test('that could not be compiled is not tried again, but by another stap', async () => {
    installStap('5.1', "echo 'semantic error: no probe' >&2; exit 1")
    const module = createCompiledModule(cache, KERNEL)
    await module.check()
    const failed = await module.prepare(new AbortController().signal)
    expect(failed?.problem).toMatch(/^this SystemTap does not find its probes/)
    expect(await module.check()).toEqual({ problem: `${failed?.problem}; then restart the exporter` })
    installStap('5.2', 'exit 1')
    expect(await module.check()).toMatchObject({ problem: expect.stringMatching(/^the headers/) })
  })

  test('is not taken from a folder that others may write to', async () => {
    installStap('5.1', 'exit 1')
    mkdirSync(cache)
    chmodSync(cache, 0o777)
    expect(await createCompiledModule(cache, KERNEL).check()).toMatchObject({
      problem: expect.stringMatching(/can be written by another user than root/),
    })
  })

  test('needs a place for its cache', async () => {
    installStap('5.1', 'exit 1')
    writeFileSync(join(folder, 'file'), '')
    const module = createCompiledModule(join(folder, 'file/cache'), KERNEL)
    await module.check()
    expect(await module.prepare(new AbortController().signal)).toMatchObject({
      problem: expect.stringMatching(/^the cache cannot be made \(ENOTDIR/),
    })
  })
})
