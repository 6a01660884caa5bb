import { describe, expect, test } from 'vitest'
import { createPattern } from '../../src/config/pattern.js'
import type { VersionSource } from '../../src/config/target-rule.js'
import { findVersion } from '../../src/process/version.js'
import { CONTAINER, placed, source } from './one-process.js'

describe('a version comes from', () => {
  test.each<[string, VersionSource, string | undefined]>([
    ['a file', { kind: 'file', path: '/srv/shop/VERSION' }, '1.4'],
    ['a file that is not there', { kind: 'file', path: '/srv/VERSION' }, undefined],
    ['the environment', { kind: 'environment', name: 'APP_VERSION' }, '1.3'],
    ['another variable', { kind: 'environment', name: 'SECRET' }, undefined],
    ['the unit', { kind: 'label', name: 'X-Version' }, '1.6'],
    [
      'the command line',
      { kind: 'cmdline', pattern: createPattern('--release=(\\S+)', { isAnchored: false }) },
      '1.2',
    ],
  ])('%s', async (_, version, expected) => {
    expect(await findVersion(version, placed('/system.slice/shop.service'), source())).toEqual({
      answer: expected,
    })
  })

  test.each([
    '/user.slice/user-1000.slice/user@1000.service/app.slice/shop.service',
    '/lxc.payload.web/system.slice/shop.service',
    `/docker/${CONTAINER}/system.slice/shop.service`,
  ])('no file of the machine for a unit that is not its own: %s', async (cgroup) => {
    expect(await findVersion({ kind: 'label', name: 'X-Version' }, placed(cgroup), source())).toEqual({
      answer: undefined,
    })
  })

  test('a label of the container', async () => {
    const inContainer = placed(`/docker/${CONTAINER}`)
    const label = { kind: 'label', name: 'org.opencontainers.image.version' } as const
    expect(await findVersion(label, inContainer, source())).toEqual({ answer: '1.5' })
    expect(await findVersion({ kind: 'label', name: '__proto__' }, inContainer, source())).toEqual({
      answer: undefined,
    })
  })

  test('what is short, and in one line', async () => {
    const given = source({ firstLine: async () => ({ answer: `1.0\u001b[31m${'x'.repeat(500)}` }) })
    expect(await findVersion({ kind: 'file', path: '/V' }, placed('/'), given)).toEqual({
      answer: `1.0\ufffd[31m${'x'.repeat(120)}`,
    })
  })

  test('nothing where it is empty', async () => {
    const given = source({ firstLine: async () => ({ answer: ' \t' }) })
    expect(await findVersion({ kind: 'file', path: '/V' }, placed('/'), given)).toEqual({ answer: undefined })
  })

  test.each(['failed', 'busy'] as const)('nothing that is known where reading it has %s', async (asked) => {
    const given = source({ firstLine: async () => asked })
    expect(await findVersion({ kind: 'file', path: '/V' }, placed('/'), given)).toBe(asked)
  })
})
