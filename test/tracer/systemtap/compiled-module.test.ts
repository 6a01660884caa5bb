import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createCompiledModule } from '../../../src/tracer/systemtap/compiled-module.js'
import { createTools } from '../../../src/tracer/tools.js'

/** No kernel has this release, so that none has its headers either. */
const KERNEL = '0.0.0-none'

/** A folder of another user is no cache. */
const isRoot = process.geteuid?.() === 0

let folder: string
let cache: string

/** Makes a stap: what it prints for -V, and what it does else. */
function installStap(version: string, otherwise: string): void {
  const stap = join(folder, 'bin/stap')
  mkdirSync(dirname(stap), { recursive: true })
  writeFileSync(stap, `#!/bin/sh\n[ "$1" = -V ] && { echo 'version ${version}/0.1'; exit; }\n${otherwise}\n`)
  chmodSync(stap, 0o755)
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'amdahl-compiled-module-'))
  cache = join(folder, 'cache')
})

afterEach(() => rmSync(folder, { recursive: true }))

const create = (at: string) =>
  createCompiledModule(at, KERNEL, createTools([join(folder, 'bin'), '/usr/bin', '/bin']))

describe('a module that is compiled', () => {
  test('needs stap', async () => {
    expect(
      await createCompiledModule(cache, KERNEL, createTools([join(folder, 'bin')])).check(),
    ).toMatchObject({
      problem: expect.stringMatching(/^stap is not installed/),
    })
  })

  test('needs the headers of the kernel', async () => {
    installStap('5.1', 'exit 1')
    expect(await create(cache).check()).toMatchObject({
      problem: expect.stringMatching(/^the headers of kernel 0\.0\.0-none are not installed/),
    })
  })

  test.skipIf(!isRoot)('is compiled once, in place of what was compiled before', async () => {
    installStap('5.1', 'echo module >amdahl_futex.ko')
    mkdirSync(join(cache, `${KERNEL}-old`), { recursive: true })
    mkdirSync(join(cache, 'other-kernel'))
    const module = create(cache)
    await module.check()
    expect(await module.prepare(new AbortController().signal)).toBeUndefined()
    expect(existsSync(module.file())).toBe(true)
    const names = readdirSync(cache)
    expect(names).toHaveLength(2)
    expect(names).not.toContain(`${KERNEL}-old`)
    installStap('5.1', 'exit 1')
    expect(await module.prepare(new AbortController().signal)).toBeUndefined()
    expect(await create(cache).check()).toEqual({ version: '5.1' })
  })

  test('that could not be compiled is not tried again, but by another stap', async () => {
    installStap('5.1', "echo 'semantic error: no probe' >&2; exit 1")
    const module = create(cache)
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
    expect(await create(cache).check()).toMatchObject({
      problem: expect.stringMatching(/can be written by another user than root/),
    })
  })

  test('needs a place for its cache', async () => {
    installStap('5.1', 'exit 1')
    writeFileSync(join(folder, 'file'), '')
    const module = create(join(folder, 'file/cache'))
    await module.check()
    expect(await module.prepare(new AbortController().signal)).toMatchObject({
      problem: expect.stringMatching(/^the cache cannot be made \(ENOTDIR/),
    })
  })
})
