import { describe, expect, test } from 'vitest'
import { createPattern } from '../../src/config/pattern.js'
import type { Condition, TargetRule, VersionSource } from '../../src/config/target-rule.js'
import { parseProcCgroup } from '../../src/parse/cgroup.js'
import { createIdentifier, type ProcessSource } from '../../src/process/identify.js'

const CONTAINER = 'ab'.repeat(32)
const BOOT = { timestampSeconds: 1_700_000_000, id: 'boot' }

function rule(
  name: string,
  match: Readonly<Partial<Record<Condition, string>>>,
  version?: VersionSource,
): TargetRule {
  const conditions = Object.entries(match).map(
    ([condition, source]) =>
      [condition as Condition, createPattern(source, { isAnchored: condition !== 'cmdline' })] as const,
  )
  return { name, match: new Map(conditions), version }
}

/** A machine with one process; `cgroup` is its path. */
function source(change: Partial<ProcessSource> = {}, cgroup = '/'): ProcessSource {
  const stat = { pid: 7, comm: 'shopd', cpuSeconds: 0, startSeconds: 100, layout: '1:2', hasEnded: false }
  const facts = { stat, exe: '/srv/shop/bin/shopd (deleted)' }
  return {
    find: () => facts,
    mappings: () => [],
    executable: () => ({ inode: 1, sizeBytes: 2, mtimeSeconds: 3, buildId: 'aa' }),
    commandLine: () => '/srv/shop/bin/shopd --release=1.2 --port 80',
    environment: (_, name) => (name === 'APP_VERSION' ? '1.3' : undefined),
    cgroup: () => parseProcCgroup(`0::${cgroup}\n`),
    user: () => ['shop', '1001'],
    firstLine: (_, path) => (path === '/srv/shop/VERSION' ? '1.4 ' : undefined),
    container: () => ({ name: 'shop-app', labels: { 'org.opencontainers.image.version': '1.5' } }),
    unitLabel: (_, key) => (key === 'X-Version' ? '1.6' : undefined),
    ...change,
  }
}

function identify(rules: readonly TargetRule[], given: ProcessSource, own?: string) {
  const exporter = own === undefined ? undefined : parseProcCgroup(`0::${own}\n`)
  const { identify } = createIdentifier(given, rules, exporter && place(own ?? ''), BOOT)
  const identity = identify(7)
  if (!identity) throw new Error('not identified')
  return identity
}

function place(path: string) {
  return {
    path,
    systemdUnit: /([^/]+\.service)/.exec(path)?.[1],
    containerId: /([0-9a-f]{64})/.exec(path)?.[1],
    podUid: undefined,
  }
}

describe('a target is named', () => {
  test.each<[string, Partial<Record<Condition, string>>, boolean]>([
    ['the command name', { comm: 'shopd' }, true],
    ['a part of the command name', { comm: 'shop' }, false],
    ['the executable, also when it was replaced', { exe: '/srv/.*/shopd' }, true],
    ['a part of the command line', { cmdline: '--port 80' }, true],
    ['a user by name', { user: 'shop' }, true],
    ['a user by number', { user: '1001' }, true],
    ['the unit', { systemd_unit: 'shop\\.service' }, true],
    ['the cgroup', { cgroup: '/system\\.slice/.*' }, true],
    ['a container that there is none of', { container: '.*' }, false],
    ['all conditions', { comm: 'shopd', user: 'shop' }, true],
    ['one of two conditions', { comm: 'shopd', user: 'root' }, false],
  ])('by a rule on %s', (_, match, matches) => {
    const given = source({}, '/system.slice/shop.service')
    expect(identify([rule('ruled', match)], given).target).toBe(matches ? 'ruled' : 'shop.service')
  })

  test('by the first rule that matches', () => {
    const rules = [rule('a', { comm: 'other' }), rule('b', { comm: 'shop.*' }), rule('c', { comm: '.*' })]
    expect(identify(rules, source()).target).toBe('b')
  })

  test.each([
    ['/system.slice/shop.service', 'shop.service'],
    [`/system.slice/docker-${CONTAINER}.scope`, 'shop-app'],
    ['/user.slice/user-1000.slice/session-3.scope', 'shopd'],
    ['/', 'shopd'],
  ])('without a rule, in %s: %s', (cgroup, name) => {
    expect(identify([], source({}, cgroup)).target).toBe(name)
  })

  test('by the id of a container that has no name here', () => {
    const given = source({ container: () => undefined }, `/docker/${CONTAINER}`)
    expect(identify([], given).target).toBe('abababababab')
  })

  test.each(['/system.slice/ci.service', `/docker/${CONTAINER}`])(
    'by its command name beside the exporter, in %s',
    (cgroup) => {
      expect(identify([], source({}, cgroup), cgroup).target).toBe('shopd')
    },
  )

  test('without control characters', () => {
    const stat = { pid: 7, comm: 'a\nb\u0000', cpuSeconds: 0, startSeconds: 1, layout: '', hasEnded: false }
    expect(identify([], source({ find: () => ({ stat, exe: undefined }) })).target).toBe('a\ufffdb\ufffd')
  })
})

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
  ])('%s', (_, version, expected) => {
    const given = source({}, '/system.slice/shop.service')
    expect(identify([rule('shop', { comm: 'shopd' }, version)], given).version).toBe(expected)
  })

  test('a label of the container', () => {
    const label = { kind: 'label', name: 'org.opencontainers.image.version' } as const
    const given = source({}, `/docker/${CONTAINER}`)
    expect(identify([rule('shop', { comm: 'shopd' }, label)], given).version).toBe('1.5')
    const none = { kind: 'label', name: '__proto__' } as const
    expect(identify([rule('shop', { comm: 'shopd' }, none)], given).version).toBeUndefined()
  })

  test('what is short, and in one line', () => {
    const given = source({ firstLine: () => `1.0\u001b[31m${'x'.repeat(500)}` })
    const { version } = identify([rule('a', { comm: '.*' }, { kind: 'file', path: '/V' })], given)
    expect(version).toMatch(/^1\.0\ufffd\[31mx+$/)
    expect(version).toHaveLength(128)
  })
})

describe('a process', () => {
  test('is looked at once per exec, and once more when the rules change', () => {
    let looks = 0
    const given = source({
      commandLine() {
        looks += 1
        return 'x'
      },
    })
    const identifier = createIdentifier(given, [rule('a', { cmdline: 'x' })], undefined, BOOT)
    for (let round = 0; round < 5; round += 1) expect(identifier.identify(7)?.target).toBe('a')
    expect(looks).toBe(1)
    identifier.use([rule('b', { cmdline: 'x' })])
    expect(identifier.identify(7)?.target).toBe('b')
    expect(looks).toBe(2)
  })

  test('says what it is', () => {
    expect(identify([], source())).toMatchObject({
      key: 'boot:7@100:1:2',
      program: 'shopd',
      exe: '/srv/shop/bin/shopd (deleted)',
      startTimestampSeconds: 1_700_000_100,
      executable: { buildId: 'aa' },
    })
  })
})
