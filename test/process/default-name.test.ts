import { describe, expect, test } from 'vitest'
import { defaultName } from '../../src/process/default-name.js'
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
    [`${USER_MANAGER}/init.scope`, 'shopd'],
    ['/user.slice/user-1000.slice/session-3.scope', 'shopd'],
    ['/', 'shopd'],
  ])('in %s: %s', (cgroup, name) => expect(defaultName(placed(cgroup), undefined).text).toBe(name))

  test('by the id of a container that has no name here', () => {
    const nameless = placed(`/docker/${CONTAINER}`, { container: undefined })
    expect(defaultName(nameless, undefined).text).toBe('abababababab')
  })

  test.each(['/system.slice/ci.service', `${USER_MANAGER}/app.slice/ci.service`, `/docker/${CONTAINER}`])(
    'by its command name where the exporter is too, in %s',
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
