import { describe, expect, test } from 'vitest'
import { defaultName } from '../../src/process/default-name.js'
import { processStat } from '../support/measured.js'
import { CONTAINER, placed, placeOf } from './one-process.js'

const USER_MANAGER = '/user.slice/user-1000.slice/user@1000.service'

describe('without a rule a target is named', () => {
  test.each([
    ['/system.slice/shop.service', 'shop.service'],
    [`/system.slice/docker-${CONTAINER}.scope`, 'shop-app'],
    [`/system.slice/docker-${CONTAINER}.scope/system.slice/shop.service`, 'shop-app'],
    [`${USER_MANAGER}/app.slice/shop.service`, 'user@1000.service/shop.service'],
    ['/lxc.payload.web/system.slice/shop.service', 'lxc.payload.web/shop.service'],
    [
      '/machine.slice/systemd-nspawn@web.service/payload/system.slice/shop.service',
      'systemd-nspawn@web.service/shop.service',
    ],
    [`${USER_MANAGER}/user.slice/docker-${CONTAINER}.scope`, 'user@1000.service/shop-app'],
    ['/', 'shopd'],
  ])('in %s: %s', (cgroup, name) => expect(defaultName(placed(cgroup), undefined).text).toBe(name))

  test.each([
    ['/', undefined],
    ['/user.slice/user-1000.slice/session-3.scope', 'user-1000.slice'],
    [`${USER_MANAGER}/init.scope`, 'user-1000.slice'],
    ['/user.slice/user-0.slice/session-3.scope', undefined],
    ['/odd/user.slice/user-1000.slice', undefined],
  ])('in %s by its program, and by the user in whose sessions that is: %s', (cgroup, owner) => {
    const script = { namedBy: 'script', text: 'python: shop.py' } as const
    expect(defaultName(placed(cgroup), undefined)).toEqual({
      namedBy: 'command',
      text: 'shopd',
      owner,
      isUserNamed: true,
    })
    expect(defaultName(placed(cgroup, { program: script }), undefined)).toEqual({
      ...script,
      owner,
      isUserNamed: true,
    })
  })

  test('without that user where the exporter is in their sessions too', () => {
    const own = placeOf('/user.slice/user-1000.slice/session-7.scope')
    const session = (user: number) => placed(`/user.slice/user-${user}.slice/session-3.scope`)
    expect([1000, 1001].map((user) => defaultName(session(user), own).owner)).toEqual([
      undefined,
      'user-1001.slice',
    ])
  })

  test.each([
    ['/srv/shop/bin/shopd (deleted)', 'shopd'],
    ['/usr/bin/python3.11', 'python3.11'],
    [undefined, 'comm'],
  ])('by the file of its program, %s, where that was not looked at: %s', (exe, name) => {
    const facts = { stat: processStat(7, { comm: 'comm' }), exe }
    expect(defaultName(placed('/', { facts, program: undefined }), undefined)).toMatchObject({ text: name })
  })

  test('by the id of a container that has no name here', () => {
    const nameless = placed(`/docker/${CONTAINER}`, { container: undefined })
    expect(defaultName(nameless, undefined).text).toBe('abababababab')
  })

  test.each(['/system.slice/ci.service', `${USER_MANAGER}/app.slice/ci.service`, `/docker/${CONTAINER}`])(
    'by its program where the exporter is too, in %s',
    (cgroup) => expect(defaultName(placed(cgroup), placeOf(cgroup)).text).toBe('shopd'),
  )

  test.each([
    ['/system.slice/ci.service', `${USER_MANAGER}/app.slice/ci.service`, 'user@1000.service/ci.service'],
    [`${USER_MANAGER}/app.slice/ci.service`, '/system.slice/ci.service', 'ci.service'],
    [`/docker/${CONTAINER}/system.slice/ci.service`, '/system.slice/ci.service', 'ci.service'],
  ])('by its unit where the exporter is in one of that name of another owner: %s, %s', (own, cgroup, name) =>
    expect(defaultName(placed(cgroup), placeOf(own)).text).toBe(name),
  )
})
