import { execFileSync } from 'node:child_process'
import { lchownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createRefusals, type Refusals } from '../../src/foreign/refusal.js'
import { createProcessLooks, type LookRequest } from '../../src/process/process-looks.js'
import { NO_MARKS } from '../../src/runtimes/runtime.js'
import { readElfFacts } from '../../src/symbolize/elf-facts.js'
import { needs } from '../e2e/support/requirements.js'
import { statusOf } from '../foreign/process-files.js'
import { isRoot, run } from '../symbolize/waiting-process.js'

const NOBODY = 65_534

/** A procfs with the process 7 of nobody, whose file tree is `7/root`. */
let procfs: string
let refusals: Refusals

beforeEach(() => {
  procfs = mkdtempSync(join(tmpdir(), 'amdahl-looks-'))
  refusals = createRefusals()
  write('status', statusOf(NOBODY, NOBODY))
  write('root/srv/VERSION', ' 1.4 \nmore')
  write('maps', '')
})

afterEach(() => rmSync(procfs, { recursive: true }))

function write(name: string, text: string): void {
  mkdirSync(dirname(join(procfs, '7', name)), { recursive: true })
  writeFileSync(join(procfs, '7', name), text)
}

function answer(request: LookRequest) {
  return createProcessLooks({ procfs, rootfs: procfs }, refusals, readElfFacts).answer(request)
}

function look() {
  const looked = answer({ kind: 'process', pid: 7, containerId: undefined })
  return typeof looked === 'object' ? looked : undefined
}

const mapsLine = (index: number, path: string) =>
  `${(0x7f0000000000 + index * 0x1000).toString(16)}-${(0x7f0000000000 + (index + 1) * 0x1000).toString(16)} r--p 00000000 fe:00 1                          ${path}\n`

describe('the look at a process', () => {
  test('has its arguments', () => {
    write('cmdline', 'shopd\0--port\x0080\0\0')
    expect(look()?.commandLine).toBe('shopd --port 80')
  })

  test('has the file that it runs, its sections, and the mapped files that tell of a runtime', () => {
    symlinkSync('/bin/ls', join(procfs, '7/exe'))
    write(
      'maps',
      ['/bin/ls', '/bin/ls', '/usr/lib/x86_64-linux-gnu/libc.so.6', '[heap]', '']
        .map((path, i) => mapsLine(i, path))
        .join(''),
    )
    expect(look()).toMatchObject({
      executable: { sizeBytes: expect.any(Number), buildId: expect.stringMatching(/^[0-9a-f]{40}$/) },
      marks: {
        sectionNames: expect.arrayContaining(['.text']),
        interpreter: expect.stringContaining('/ld-linux'),
        hasAbiTag: true,
      },
      runtimeFiles: ['/usr/lib/x86_64-linux-gnu/libc.so.6'],
    })
    expect(refusals.take()).toEqual([])
  })

  test.skipIf(!isRoot())('has no content of a program that its user may run and not read', () => {
    writeFileSync(join(procfs, 'shopd'), 'x', { mode: 0o711 })
    symlinkSync(join(procfs, 'shopd'), join(procfs, '7/exe'))
    expect(look()).toMatchObject({ executable: { sizeBytes: 1, buildId: undefined }, marks: NO_MARKS })
    expect(refusals.take()).toEqual([{ reason: 'permission', path: join(procfs, 'shopd') }])
  })

  test('knows no runtime where the mappings are more than is read', () => {
    // 65 000 mappings of a file whose path has 3778 characters, and more: libc would come last.
    const path = `/${'d'.repeat(3777)}`
    const lines = Array.from({ length: 9_000 }, (_, i) => mapsLine(i, path))
    write('maps', `${lines.join('')}${mapsLine(9_000, '/usr/lib/libc.so.6')}`)
    const before = process.memoryUsage()
    expect(look()?.runtimeFiles).toBeUndefined()
    expect(process.memoryUsage().external - before.external).toBeLessThan(1e6)
    expect(refusals.take()).toEqual([{ reason: 'too-large', path: '/proc/7/maps' }])
  })

  test('is none where it has ended, also where its parent has taken no notice yet', () => {
    expect(answer({ kind: 'process', pid: 8, containerId: undefined })).toBeUndefined()
    write('status', statusOf(0, 0, { state: 'Z (zombie)' }))
    expect(look()).toBeUndefined()
    expect(refusals.take()).toEqual([])
  })
})

test('a variable of the environment has its value', () => {
  write('environ', 'APP=shop\0APP_VERSION=1.3=b\0')
  const value = (name: string) => answer({ kind: 'environment', pid: 7, name })
  expect(['APP_VERSION', 'VERSION'].map(value)).toEqual(['1.3=b', undefined])
})

describe('the first line of a file', () => {
  const firstLine = (path: string) => answer({ kind: 'first-line', pid: 7, path })

  test.each([
    ['/srv/VERSION', '1.4'],
    ['/srv/../srv/VERSION', '1.4'],
    ['/../../status', undefined],
    ['/srv/ABSENT', undefined],
    ['/srv', undefined],
  ])('%s: %j', (path, line) => expect(firstLine(path)).toBe(line))

  test('is cut where it is long', () => {
    write('root/srv/VERSION', 'x'.repeat(10_000))
    expect(firstLine('/srv/VERSION')).toHaveLength(4096)
  })

  test.skipIf(!needs('mkfifo'))('of a named pipe is not waited for', () => {
    execFileSync('mkfifo', [join(procfs, '7/root/srv/pipe')])
    expect(firstLine('/srv/pipe')).toBeUndefined()
    expect(refusals.take()).toEqual([{ reason: 'not-regular', path: '/srv/pipe' }])
  })
})

describe.skipIf(!isRoot() || !needs('setpriv'))('the version file of a program of nobody', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'amdahl-version-'))
    execFileSync('chown', ['65534:65534', folder])
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  test.each(['/etc/shadow', '/proc/self/environ'])('as a link to %s shows nothing', async (target) => {
    const file = join(folder, 'VERSION')
    symlinkSync(target, file)
    lchownSync(file, NOBODY, NOBODY)
    const shop = await run(
      'setpriv',
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
      'sh',
      '-c',
      'echo; exec sleep 60',
    )
    try {
      const looks = createProcessLooks({ procfs: '/proc', rootfs: '/' }, refusals, readElfFacts)
      expect(looks.answer({ kind: 'first-line', pid: shop.pid, path: file })).toBeUndefined()
      expect(refusals.take()).toEqual([{ reason: 'permission', path: file }])
    } finally {
      await shop.stop()
    }
  })
})
