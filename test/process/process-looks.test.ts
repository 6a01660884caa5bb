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
  const looked = answer({ kind: 'process', pid: 7, containerId: undefined, lineage: [] })
  return typeof looked === 'object' ? looked : undefined
}

const mapsLine = (index: number, path: string) =>
  `${(0x7f0000000000 + index * 0x1000).toString(16)}-${(0x7f0000000000 + (index + 1) * 0x1000).toString(16)} r--p 00000000 fe:00 1                          ${path}\n`

/** A process that runs this executable, with these arguments and this command name. */
function writeProcess(pid: number, exe: string, argv: readonly string[], comm = ''): void {
  write(`../${pid}/status`, statusOf(NOBODY, NOBODY))
  write(`../${pid}/cmdline`, argv.map((arg) => `${arg}\0`).join(''))
  write(`../${pid}/comm`, `${comm}\n`)
  symlinkSync(exe, join(procfs, String(pid), 'exe'))
}

describe('the program of a process', () => {
  const programOf = (pid: number, lineage: readonly number[] = []) => {
    const looked = answer({ kind: 'process', pid, containerId: undefined, lineage })
    return typeof looked === 'object' ? looked.program : undefined
  }

  test('is not known without its executable', () => {
    write('comm', 'shopd\n')
    expect(programOf(7)).toBeUndefined()
  })

  test.each([
    ['the command name', 'shopd'],
    ['another file beside it', 'other'],
    ['a file elsewhere', '../shopd'],
    ['its folder', '.'],
    ['nothing', ''],
  ])('has the name of that, though it calls itself like %s', (_, comm) => {
    write('root/srv/other', 'another')
    symlinkSync('/srv/shopd', join(procfs, '7/exe'))
    write('comm', `${comm}\n`)
    expect(programOf(7)).toEqual({ namedBy: 'command', text: 'shopd' })
  })

  test('has the name of a link beside it to the same file', () => {
    const exe = join(procfs, 'redis-server-rdb')
    writeFileSync(exe, 'x')
    symlinkSync('redis-server-rdb', join(procfs, 'redis-server'))
    writeProcess(8, exe, ['x'], 'redis-server')
    write('../8/status', statusOf(process.getuid?.() ?? 0, 0))
    symlinkSync('/', join(procfs, '8/root'))
    expect(programOf(8)).toEqual({ namedBy: 'command', text: 'redis-server' })
  })

  test('has all of a name of which the command name is the beginning', () => {
    writeProcess(8, '/srv/prometheus-node-exporter', ['x'], 'prometheus-node')
    expect(programOf(8)?.text).toBe('prometheus-node-exporter')
  })

  test('is what an interpreter runs, by the first arguments that say so', () => {
    const python = '/usr/bin/python3.11'
    writeProcess(8, python, ['python3', 'manage.py'], 'python3')
    writeProcess(9, python, ['python3', '-c', 'x'], 'shopd')
    writeProcess(10, '/usr/bin/perl', ['perl', 'other.pl'], 'perl')
    expect(programOf(8, [8])).toEqual({ namedBy: 'script', text: 'python: manage.py' })
    expect(programOf(9, [9, 8])).toEqual({ namedBy: 'script', text: 'python: manage.py' })
    // It has got the number of what is gone.
    expect(programOf(9, [9, 10, 11])).toEqual({ namedBy: 'command', text: 'python3.11' })
    expect(refusals.take()).toEqual([])
  })

  test('is behind a long class path, and nothing that was cut', () => {
    const argv = (length: number) => ['java', '-cp', 'x'.repeat(length), 'org.shop.Main', 'y'.repeat(300_000)]
    writeProcess(8, '/usr/bin/java', argv(130_000))
    writeProcess(9, '/usr/bin/java', argv(262_130))
    expect(programOf(8, [8])?.text).toBe('java: org.shop.Main')
    expect(programOf(9, [9])?.text).toBe('java')
  })

  test('is found whatever the arguments are', () => {
    symlinkSync('/usr/bin/python3.11', join(procfs, '7/exe'))
    for (const bytes of [[], [0, 0, 0], [0xff, 0xfe, 0, 0x80], [0xed, 0xa0, 0x80]]) {
      writeFileSync(join(procfs, '7/cmdline'), Buffer.from(bytes))
      expect(programOf(7, [7])?.text).toMatch(/^python/)
    }
  })
})

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
    expect(answer({ kind: 'process', pid: 8, containerId: undefined, lineage: [] })).toBeUndefined()
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
