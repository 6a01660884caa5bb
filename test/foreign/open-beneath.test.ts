import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Credentials, ROOT, userAlone } from '../../src/foreign/credentials.js'
import { openBeneath } from '../../src/foreign/open-beneath.js'
import { createRefusals } from '../../src/foreign/refusal.js'
import { needs } from '../e2e/support/requirements.js'
import { isRoot } from '../symbolize/waiting-process.js'

const NOBODY = 65_534
const SECRET = 'root:*:20228'

/** Not in it are the files of the machine. */
let machine: string
/** What a process has as its root. */
let tree: string

beforeEach(() => {
  machine = mkdtempSync(join(tmpdir(), 'amdahl-beneath-'))
  chmodSync(machine, 0o755)
  tree = join(machine, 'tree')
  for (const folder of ['tree/srv', 'tree/etc', 'etc']) mkdirSync(join(machine, folder), { recursive: true })
  writeFileSync(join(tree, 'srv/VERSION'), '1.4')
  writeFileSync(join(machine, 'etc/shadow'), SECRET, { mode: 0o600 })
  writeFileSync(join(tree, 'etc/shadow'), 'own', { mode: 0o600 })
})

afterEach(() => rmSync(machine, { recursive: true, force: true }))

/** Its text, or why it was refused. */
function read(path: string, who: Credentials = ROOT, root = tree): string | undefined {
  const refusals = createRefusals()
  const file = openBeneath(root, path, who, refusals)
  const text = file && Buffer.from(file.read(0, 100)).toString()
  file?.close()
  return text ?? refusals.take()[0]?.reason
}

function link(target: string, name: string, owner?: number): void {
  symlinkSync(target, join(tree, name))
  if (owner !== undefined) lchownSync(join(tree, name), owner, owner)
}

describe('a path below the root of a process', () => {
  test.each([
    ['/srv/VERSION', '1.4'],
    ['srv//./VERSION', '1.4'],
    ['/srv/../srv/VERSION', '1.4'],
    // As for the process itself, there is nothing above its root.
    ['/../../srv/VERSION', '1.4'],
    ['/../etc/shadow', 'own'],
    ['/srv/ABSENT', undefined],
    ['/srv/VERSION/x', undefined],
    [`/${'x'.repeat(300)}`, undefined],
    ['/srv', 'not-regular'],
    ['/', 'not-regular'],
    ['', 'not-regular'],
  ])('%j: %j', (path, text) => expect(read(path)).toBe(text))

  test.each([
    ['VERSION', '1.4'],
    ['/srv/VERSION', '1.4'],
    ['../../../../srv/VERSION', '1.4'],
    ['/etc/shadow', 'own'],
    ['../../etc/shadow', 'own'],
    ['LINK', 'too-many-links'],
    ['/proc/self/root/etc/shadow', undefined],
  ])('through a link to %s: %j', (target, text) => {
    link(target, 'srv/LINK')
    expect(read('/srv/LINK')).toBe(text)
  })

  test('through a link to a file of the machine leads to none', () => {
    link(join(machine, 'etc/shadow'), 'srv/LINK')
    link(join(machine, 'etc'), 'srv/FOLDER')
    expect([read('/srv/LINK'), read('/srv/FOLDER/shadow')]).toEqual([undefined, undefined])
  })

  test('leaves no descriptor open', () => {
    link('/srv/../etc', 'srv/LINK')
    const before = readdirSync('/proc/self/fd').length
    for (const path of ['/srv/VERSION', '/srv/LINK/shadow', '/srv/ABSENT', '/srv/LINK', '/', '/../x'])
      read(path)
    expect(readdirSync('/proc/self/fd')).toHaveLength(before)
  })

  test('has few folders', () => {
    const path = Array.from({ length: 200 }, () => 'd').join('/')
    mkdirSync(join(tree, path), { recursive: true })
    expect(read(path)).toBe('too-large')
  })
})

describe.skipIf(!isRoot() || !needs('mknod', 'mkfifo'))('what is no regular file', () => {
  test('is refused: devices, pipes', () => {
    execFileSync('mknod', [join(tree, 'srv/zero'), 'c', '1', '5'])
    execFileSync('mkfifo', [join(tree, 'srv/pipe')])
    link('zero', 'srv/LINK')
    expect(['/srv/zero', '/srv/pipe', '/srv/LINK'].map((path) => read(path))).toEqual(
      new Array(3).fill('not-regular'),
    )
  })

  test('is not opened either: a watchdog would be armed, a tape rewound', () => {
    // No driver has this number (Documentation/admin-guide/devices.txt): whoever opens it sees that.
    const device = join(tree, 'srv/device')
    execFileSync('mknod', [device, 'c', '240', '77'])
    expect(() => openSync(device, 'r')).toThrow('ENXIO')
    expect(read('/srv/device')).toBe('not-regular')
  })
})

describe.skipIf(!isRoot())('who may read', () => {
  const nobody = userAlone(NOBODY)

  test('is who the mode says, of the file and of each folder', () => {
    expect([read('/srv/VERSION', nobody), read('/etc/shadow', nobody)]).toEqual(['1.4', 'permission'])
    chmodSync(join(tree, 'srv'), 0o700)
    expect([read('/srv/VERSION', nobody), read('/srv/VERSION')]).toEqual(['permission', '1.4'])
  })

  test('is the owner, or the group, also where others may not', () => {
    const file = join(tree, 'srv/VERSION')
    chmodSync(file, 0o640)
    const inGroup = { uid: 1000, gids: new Set([7, 42]), passesModes: false }
    lchownSync(file, 1000, 0)
    expect([read('/srv/VERSION', userAlone(1000)), read('/srv/VERSION', nobody)]).toEqual([
      '1.4',
      'permission',
    ])
    lchownSync(file, 0, 42)
    expect(read('/srv/VERSION', inGroup)).toBe('1.4')
    // The class that fits decides: an owner is not looked at as one of the others.
    chmodSync(file, 0o044)
    lchownSync(file, 1000, 0)
    expect(read('/srv/VERSION', inGroup)).toBe('permission')
  })

  test('is also who made the link: it shows nobody what only the process may read', () => {
    link('/etc/shadow', 'srv/BY-NOBODY', NOBODY)
    link('/etc/shadow', 'srv/BY-ROOT')
    link('/srv/VERSION', 'srv/HARMLESS', NOBODY)
    expect(['/srv/BY-NOBODY', '/srv/BY-ROOT', '/srv/HARMLESS'].map((path) => read(path))).toEqual([
      'permission',
      'own',
      '1.4',
    ])
    // Who owns the folder, or one above it, may have put a link of root there.
    lchownSync(join(tree, 'srv'), NOBODY, NOBODY)
    expect(read('/srv/BY-ROOT')).toBe('permission')
    mkdirSync(join(tree, 'srv/below'))
    link('/etc/shadow', 'srv/below/BY-ROOT')
    expect(read('/srv/below/BY-ROOT')).toBe('permission')
  })
})

describe.skipIf(!isRoot() || !needs('bindfs', 'umount'))('on a file system that a program serves', () => {
  test('files are read, and no link is followed: it may say that root has made it', async () => {
    link('VERSION', 'srv/LINK')
    const served = join(machine, 'served')
    mkdirSync(served)
    execFileSync('bindfs', [tree, served])
    try {
      expect([read('/srv/VERSION', ROOT, served), read('/srv/LINK', ROOT, served)]).toEqual([
        '1.4',
        'permission',
      ])
    } finally {
      execFileSync('umount', [served])
    }
  })
})

/** Exchanges two names again and again, so that a look at the one and an open of the other fall apart. */
const EXCHANGE = `
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
int main(int argc, char **argv) {
  for (time_t end = time(NULL) + 60; time(NULL) < end;)
    for (int i = 0; i < 1000; i++)
      if (renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE) != 0) return perror("renameat2"), 1;
  return 0;
}
`
const RACE_MS = 2500

describe.skipIf(!isRoot() || !needs('gcc'))('while files and links are exchanged', () => {
  /** What was read in the time of the race. */
  async function race(a: string, b: string, path: string, who: Credentials, root: string) {
    const source = join(machine, 'exchange.c')
    writeFileSync(source, EXCHANGE)
    execFileSync('gcc', ['-O2', '-o', join(machine, 'exchange'), source])
    const racer = spawn(join(machine, 'exchange'), [a, b], { stdio: 'inherit' })
    const seen = new Map<string | undefined, number>()
    try {
      await once(racer, 'spawn')
      for (const end = performance.now() + RACE_MS; performance.now() < end; ) {
        const found = read(path, who, root)
        seen.set(found, (seen.get(found) ?? 0) + 1)
      }
    } finally {
      racer.kill('SIGKILL')
      await once(racer, 'exit')
    }
    return seen
  }

  test('a link never shows a file that the process may not read', async () => {
    lchownSync(join(tree, 'srv/VERSION'), NOBODY, NOBODY)
    link(join(machine, 'etc/shadow'), 'srv/LINK', NOBODY)
    const [a, b] = [join(tree, 'srv/VERSION'), join(tree, 'srv/LINK')]
    const seen = await race(a, b, a, userAlone(NOBODY), '/')
    // An error: what was a link is none any more when it is read.
    expect([...seen.keys()].filter((found) => found !== 'error').sort()).toEqual(['1.4', 'permission'])
  })

  test.each([
    ['/srv/VERSION', 'srv/VERSION', '../etc/shadow', 'the file'],
    ['/srv/VERSION', 'srv', '../etc', 'its folder'],
  ])(
    '%s, where %s is a link out of the root at times, shows nothing of the machine: %s, %s',
    async (path, name, target) => {
      writeFileSync(join(machine, 'etc/VERSION'), SECRET)
      link(join('../../..', machine, 'tree', target), 'LINK')
      const seen = await race(join(tree, name), join(tree, 'LINK'), path, ROOT, tree)
      expect(seen.get('1.4')).toBeGreaterThan(0)
      expect(seen.has(SECRET)).toBe(false)
      expect(seen.size).toBeGreaterThan(1)
    },
  )
})
