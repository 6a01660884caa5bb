import { describe, expect, test } from 'vitest'
import { createRefusals } from '../../src/foreign/refusal.js'
import { createRefusalLog } from '../../src/foreign/refusal-log.js'

describe('what was refused', () => {
  test.each([
    ['EACCES', 'permission'],
    ['EPERM', 'permission'],
    ['EIO', 'error'],
    ['EMFILE', 'error'],
    ['ENOENT', undefined],
    ['ESRCH', undefined],
    ['ENOTDIR', undefined],
  ])('by %s: %s', (code, reason) => {
    const refusals = createRefusals()
    refusals.addError(Object.assign(new Error(code), { code }), '/a')
    expect(refusals.take()).toEqual(reason === undefined ? [] : [{ reason, path: '/a' }])
    expect(refusals.take()).toEqual([])
    refusals.addProcError(Object.assign(new Error(code), { code }), '/a')
    expect(refusals.take()).toEqual(reason === 'error' ? [{ reason, path: '/a' }] : [])
  })

  test('is told of a bounded number of times in one answer', () => {
    const refusals = createRefusals()
    for (let i = 0; i < 1000; i += 1) refusals.add('too-large', `/${i}`)
    expect(refusals.take()).toHaveLength(64)
  })

  test('is counted each time, and logged once, of a bounded number of files', () => {
    const lines: unknown[] = []
    const log = createRefusalLog({ warn: (fields: unknown) => void lines.push(fields) })
    for (let i = 0; i < 3; i += 1) log.add({ reason: 'permission', path: '/etc/shadow' })
    expect([log.count('permission'), log.count('timeout'), lines]).toEqual([
      3,
      0,
      [{ reason: 'permission', path: '/etc/shadow' }],
    ])
    for (let i = 0; i < 1000; i += 1) log.add({ reason: 'permission', path: `/${i}` })
    expect([log.count('permission'), lines.length]).toEqual([1003, 100])
  })
})
