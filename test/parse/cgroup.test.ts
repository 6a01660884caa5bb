import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { identifyCgroup, parseProcCgroup, userSliceOf } from '../../src/parse/cgroup.js'
import { parseCpuList } from '../../src/parse/cpu-list.js'
import { parseMountinfo } from '../../src/parse/mountinfo.js'

const ID = '9ec39b91f3d70e1beff50a308f77067065ea6be0d91a3378375056cd4422cf3d'

describe('/proc/PID/cgroup', () => {
  test('gives the v2 path and a v1 path for each controller', () => {
    const { unified, v1 } = parseProcCgroup(
      '12:cpu,cpuacct:/system.slice\n1:name=systemd:/system.slice/a:b.service\n0::/system.slice/a:b.service\n',
    )
    expect(unified).toBe('/system.slice/a:b.service')
    expect([...v1]).toEqual([
      ['cpu', '/system.slice'],
      ['cpuacct', '/system.slice'],
      ['name=systemd', '/system.slice/a:b.service'],
    ])
  })

  test('leaves the mark of a removed cgroup and other lines out', () => {
    expect(parseProcCgroup('0::/shop.slice (deleted)\n\n0:\n1::/a\nx:cpu:/a\n2:cpu:a\n')).toEqual({
      unified: '/shop.slice',
      v1: new Map(),
    })
  })

  test('never throws', () => {
    fc.assert(
      fc.property(fc.string(), (any) => void identifyCgroup(parseProcCgroup(`0::/${any}\n1:cpu:${any}`))),
    )
  })
})

test.each([
  ['/user.slice/user-1000.slice/session-3.scope', 'user-1000.slice'],
  ['/../../user.slice/user-1000.slice/user@1000.service/app.slice', 'user-1000.slice'],
  ['/user.slice/user-1000.slice', 'user-1000.slice'],
  ['/user.slice', undefined],
  ['/user.slice/other.slice', undefined],
  ['/docker/x/user.slice/user-1000.slice', undefined],
  ['/', undefined],
])('%s is of the sessions of %s', (path, slice) => expect(userSliceOf(path)).toBe(slice))

describe('what put a process into its cgroup', () => {
  const cases = readFileSync(new URL('../fixtures/cgroup-paths.txt', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(' ').map((word) => (word === '-' ? undefined : word)))

  test.each(cases)(
    '%s is unit %s, container %s, pod %s, of %s and %s',
    (path, systemdUnit, containerId, podUid, unitOwner, containerOwner) => {
      expect(identifyCgroup(parseProcCgroup(`0::${path}\n`))).toEqual({
        systemdUnit,
        unitOwner,
        containerId,
        containerOwner,
        podUid,
        path,
      })
    },
  )

  test.each([
    [
      'name=systemd knows the unit, the controllers do not',
      `4:cpu:/\n3:pids:/system.slice\n1:name=systemd:/system.slice/shop.service\n0::/\n`,
      '/system.slice/shop.service',
    ],
    [
      'the cgroupfs driver knows the container, v2 only the runtime',
      `4:cpu:/docker/${ID}\n1:name=systemd:/docker/${ID}\n0::/system.slice/containerd.service\n`,
      `/docker/${ID}`,
    ],
    [
      'systemd in a container knows its unit',
      `4:cpu:/docker/${ID}\n1:name=systemd:/docker/${ID}/system.slice/a.service\n0::/\n`,
      `/docker/${ID}/system.slice/a.service`,
    ],
    ['of equals the first of v2, name=systemd, cpu', '4:cpu:/a\n1:name=systemd:/b\n0::/c\n', '/c'],
    ['nothing is the root', '', '/'],
  ])('takes the path that says most: %s', (_, text, path) => {
    expect(identifyCgroup(parseProcCgroup(text)).path).toBe(path)
  })

  test('a pod uid in capital letters is the same pod', () => {
    const upper = '/kubepods/pod74C13223-5A00-11E9-B385-42010A80018D'
    expect(identifyCgroup(parseProcCgroup(`0::${upper}`)).podUid).toBe('74c13223-5a00-11e9-b385-42010a80018d')
  })
})

describe('a list of CPUs', () => {
  test.each([
    ['0-3,8\n', [0, 1, 2, 3, 8]],
    ['5', [5]],
    ['3,1,1-2', [1, 2, 3]],
    ['', []],
    ['\n', []],
    ['2-1', []],
    ['x,1-,-2,7', [7]],
  ])('%j is %j', (text, cpus) => {
    expect(parseCpuList(text)).toEqual(cpus)
  })

  test('takes no more memory than there can be CPUs', () => {
    expect(parseCpuList('0-99999').length).toBe(65_536)
    expect(parseCpuList('0-999999999')).toEqual([])
  })
})

describe('/proc/PID/mountinfo', () => {
  test('gives root, mount point, type and options', () => {
    const text = [
      '31 23 0:28 / /sys/fs/cgroup ro,nosuid shared:9 master:1 - tmpfs tmpfs ro,mode=755',
      '32 31 0:29 /docker/a /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct',
      '41 31 0:38 /../.. /mnt/my\\040cgroup\\134s rw,relatime - cgroup2 cgroup2 rw,nsdelegate',
    ].join('\n')
    expect(parseMountinfo(text)).toEqual([
      { root: '/', mountPoint: '/sys/fs/cgroup', type: 'tmpfs', superOptions: ['ro', 'mode=755'] },
      {
        root: '/docker/a',
        mountPoint: '/sys/fs/cgroup/cpu,cpuacct',
        type: 'cgroup',
        superOptions: ['rw', 'cpu', 'cpuacct'],
      },
      {
        root: '/../..',
        mountPoint: '/mnt/my cgroup\\s',
        type: 'cgroup2',
        superOptions: ['rw', 'nsdelegate'],
      },
    ])
  })

  test.each(['', '31 23 0:28 /', '31 23 0:28 / /sys rw tmpfs tmpfs rw', '31 23 0:28 / /sys rw - tmpfs'])(
    'leaves %j out',
    (text) => {
      expect(parseMountinfo(text)).toEqual([])
    },
  )
})
