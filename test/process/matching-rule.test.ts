import { describe, expect, test } from 'vitest'
import type { Condition } from '../../src/config/target-rule.js'
import { findMatchingRule } from '../../src/process/matching-rule.js'
import { CONTAINER, placed, rule, source } from './one-process.js'

describe('a rule matches by', () => {
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
  ])('%s', (_, match, matches) => {
    const found = findMatchingRule([rule('ruled', match)], placed('/system.slice/shop.service'), source())
    expect(found?.name).toBe(matches ? 'ruled' : undefined)
  })
})

test('the first rule that matches counts', () => {
  const rules = [rule('a', { comm: 'other' }), rule('b', { comm: 'shop.*' }), rule('c', { comm: '.*' })]
  expect(findMatchingRule(rules, placed('/'), source())?.name).toBe('b')
})

const MANAGER = '/user.slice/user-1000.slice/user@1000.service'

test.each([
  ['/system.slice/shop.service', { systemd_unit: 'shop\\.service' }, true],
  [`${MANAGER}/app.slice/shop.service`, { systemd_unit: 'shop\\.service' }, false],
  ['/lxc.payload.web/system.slice/shop.service', { systemd_unit: 'shop\\.service' }, false],
  [`${MANAGER}/app.slice/shop.service`, { systemd_unit: 'user@1000\\.service/shop\\.service' }, true],
  [`/docker/${CONTAINER}`, { container: CONTAINER }, true],
  [`${MANAGER}/docker-${CONTAINER}.scope`, { container: CONTAINER }, false],
  [`${MANAGER}/docker-${CONTAINER}.scope`, { container: `user@1000\\.service/${CONTAINER}` }, true],
])('what a user or a container may name has its owner before it: %s, %j', (cgroup, match, matches) => {
  const found = findMatchingRule([rule('ruled', match)], placed(cgroup, { container: undefined }), source())
  expect(found?.name).toBe(matches ? 'ruled' : undefined)
})
