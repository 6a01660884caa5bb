import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createChangeTracker } from '../../src/deploys/change-tracker.js'
import { createStateFile, parseStates } from '../../src/deploys/state-file.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'amdahl-state-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function someState() {
  const tracker = createChangeTracker(() => ({ compareSeconds: 300, settleSeconds: 0, minSamples: 200 }))
  const executable = { inode: 1, sizeBytes: 2, mtimeSeconds: 3, buildId: undefined }
  const start = { key: 'a', pid: 1, startTimestampSeconds: 5, program: 'shopd', executable, version: '1' }
  tracker.observe([start], 10)
  tracker.record({ part: 3, whole: 10 }, 'orders_lock', 11)
  tracker.observe([{ ...start, key: 'b', pid: 2, version: '2' }], 12)
  return tracker.state()
}

describe('the state file', () => {
  test('gives back what was written, whole, and readable by its owner only', async () => {
    const path = join(folder, 'below', 'deploys.json')
    const file = createStateFile(path)
    expect(file.read()).toEqual(new Map())
    const states = new Map([
      ['shop', someState()],
      ['__proto__', someState()],
    ])
    await file.write(states)
    expect(JSON.stringify([...file.read()])).toBe(JSON.stringify([...states]))
    expect(statSync(path).mode & 0o777).toBe(0o600)
    await Promise.all([file.write(states), file.write(new Map()), file.write(states)])
    expect(readdirSync(join(folder, 'below'))).toEqual(['deploys.json'])
  })

  test('says why it cannot be written', async () => {
    writeFileSync(join(folder, 'file'), '')
    await expect(createStateFile(join(folder, 'file', 'deploys.json')).write(new Map())).rejects.toThrow(
      /EEXIST|ENOTDIR/,
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
    await createStateFile(path).write(new Map([['shop', someState()]]))
    const text = readFileSync(path, 'utf8')
    expect(() => parseStates(text.replace('"batches":1', '"batches":"1"'), path)).toThrow('damaged')
    expect(() => parseStates(text.replace('"observed"', '"guessed"'), path)).toThrow('damaged')
    expect(() => parseStates(text.replace('"program":"shopd"', '"program":7'), path)).toThrow('damaged')
  })

  test('has the roles of threads, and may be of a version that did not know them', async () => {
    const path = join(folder, 'deploys.json')
    const without = someState()
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
