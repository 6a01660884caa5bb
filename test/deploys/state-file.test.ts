import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createChangeTracker } from '../../src/deploys/change-tracker.js'
import { createStateFile, parseStates } from '../../src/deploys/state-file.js'
import { deployedOnce } from '../support/deployed-once.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'amdahl-state-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('the state file', () => {
  test('gives back what was written, whole, and readable by its owner only', async () => {
    const path = join(folder, 'below', 'deploys.json')
    const file = createStateFile(path)
    expect(file.read()).toEqual(new Map())
    const states = new Map([
      ['shop', deployedOnce()],
      ['__proto__', deployedOnce()],
    ])
    await file.write(states)
    expect(JSON.stringify([...file.read()])).toBe(JSON.stringify([...states]))
    expect(statSync(path).mode & 0o777).toBe(0o600)
    await Promise.all([file.write(states), file.write(new Map()), file.write(states)])
    expect(readdirSync(join(folder, 'below'))).toEqual(['deploys.json'])
  })

  test('is alone again after an exporter that was killed while it wrote', async () => {
    const file = createStateFile(join(folder, 'deploys.json'))
    await file.write(new Map([['shop', deployedOnce()]]))
    const others = ['deploys.json.', 'deploys.json.old', 'deploys.json.1.2', 'other.json.1']
    for (const name of ['deploys.json.1234567890', ...others]) {
      writeFileSync(join(folder, name), '{')
      utimesSync(join(folder, name), 1, 1)
    }
    // Another exporter may be at it.
    writeFileSync(join(folder, 'deploys.json.5'), '{')
    expect(file.read().size).toBe(1)
    expect(readdirSync(folder).sort()).toEqual([...others, 'deploys.json', 'deploys.json.5'].sort())
  })

  test('says why it cannot be written', async () => {
    writeFileSync(join(folder, 'file'), '')
    await expect(createStateFile(join(folder, 'file', 'deploys.json')).write(new Map())).rejects.toThrow(
      /EEXIST|ENOTDIR|is no folder/,
    )
  })

  test('below /proc ends with an error', async () => {
    await expect(createStateFile('/proc/x/deploys.json').write(new Map())).rejects.toThrow(/ENOENT/)
    expect(createStateFile('/proc/x/deploys.json').read()).toEqual(new Map())
  })

  test('is no pipe that is waited for, and no link that is followed', async () => {
    const victim = join(folder, 'victim')
    writeFileSync(victim, 'unharmed')
    for (const [name, make] of [
      ['pipe', (path: string) => void execFileSync('mkfifo', [path])],
      ['link', (path: string) => symlinkSync(victim, path)],
      ['dangling', (path: string) => symlinkSync(join(folder, 'nothing'), path)],
      ['folder', (path: string) => mkdirSync(path)],
    ] as const) {
      const path = join(folder, name)
      make(path)
      const file = createStateFile(path)
      expect(() => file.read(), name).toThrow(/no regular file|ELOOP/)
      await expect(file.write(new Map()), name).rejects.toThrow('is no regular file: remove it')
    }
    expect(readFileSync(victim, 'utf8')).toBe('unharmed')
    expect(readdirSync(folder).sort()).toEqual(['dangling', 'folder', 'link', 'pipe', 'victim'])
  })

  test.skipIf(process.geteuid?.() !== 0)('is in no folder that another user may write', async () => {
    const theirs = join(folder, 'theirs')
    mkdirSync(theirs)
    chownSync(theirs, 65_534, 65_534)
    await expect(createStateFile(join(theirs, 'deploys.json')).write(new Map())).rejects.toThrow(
      `the folder ${theirs} belongs to user 65534: give one that only root can write`,
    )
    await expect(createStateFile(join(theirs, 'below', 'deploys.json')).write(new Map())).rejects.toThrow(
      '65534',
    )
    chownSync(theirs, 0, 0)
    for (const mode of [0o777, 0o1777, 0o770]) {
      chmodSync(theirs, mode)
      await expect(createStateFile(join(theirs, 'deploys.json')).write(new Map())).rejects.toThrow(
        'may be written by other users',
      )
    }
    expect(readdirSync(theirs)).toEqual([])
    chmodSync(theirs, 0o755)
    symlinkSync(theirs, join(folder, 'link'))
    await createStateFile(join(folder, 'link', 'deploys.json')).write(new Map())
    expect(readdirSync(theirs)).toEqual(['deploys.json'])
    lchownSync(join(folder, 'link'), 65_534, 65_534)
    expect(() => createStateFile(join(folder, 'link', 'deploys.json')).read()).toThrow(
      'belongs to user 65534',
    )
  })

  test.each([
    ['', 'is no state file of this version'],
    ['[]', 'is no state file of this version'],
    ['{"format":2,"targets":{}}', 'is no state file of this version'],
    ['{"format":1,"targets":{"shop":{}}}', 'the entry "shop" is damaged'],
  ])('%j is refused', (text, message) => {
    expect(() => parseStates(text, '/state')).toThrow(message)
  })

  test('any damaged member is noticed', async () => {
    const path = join(folder, 'deploys.json')
    await createStateFile(path).write(new Map([['shop', deployedOnce()]]))
    const text = readFileSync(path, 'utf8')
    expect(() => parseStates(text.replace('"batches":1', '"batches":"1"'), path)).toThrow('damaged')
    expect(() => parseStates(text.replace('"observed"', '"guessed"'), path)).toThrow('damaged')
    expect(() => parseStates(text.replace('"program":"shopd"', '"program":7'), path)).toThrow('damaged')
  })

  test('has the roles of threads, and may be of a version that did not know them', async () => {
    const path = join(folder, 'deploys.json')
    const without = deployedOnce()
    expect(without.sequentialThreads).toBeUndefined()
    const roles = ['main thread', 'io']
    await createStateFile(path).write(
      new Map([
        ['loop', { ...without, sequentialThreads: roles }],
        ['old', without],
      ]),
    )
    const states = createStateFile(path).read()
    expect([...states].map(([name, state]) => [name, state.sequentialThreads])).toEqual([
      ['loop', roles],
      ['old', undefined],
    ])
    const limits = () => ({ compareSeconds: 300, settleSeconds: 0, minSamples: 200 })
    expect(createChangeTracker(limits, states.get('old')).sequentialThreads()).toEqual([])
    const text = readFileSync(path, 'utf8')
    for (const damaged of ['"io"', '["io",7]', '{}', 'null']) {
      const broken = text.replace('["main thread","io"]', damaged)
      expect(() => parseStates(broken, path)).toThrow('the entry "loop" is damaged')
    }
  })
})
