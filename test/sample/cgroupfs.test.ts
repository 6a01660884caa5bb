import { execFileSync } from 'node:child_process'
import { accessSync, constants, mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parseProcCgroup } from '../../src/parse/cgroup.js'
import { type CgroupThrottling, createCgroupfs } from '../../src/sample/cgroupfs.js'

/** Over all levels; undefined where none has a quota. */
function total(levels: readonly CgroupThrottling[]) {
  if (levels.length === 0) return undefined
  const sum = (key: 'periods' | 'seconds') => levels.reduce((sum, level) => sum + level[key], 0)
  return { periods: sum('periods'), seconds: sum('seconds') }
}

describe('a tree of files', () => {
  let root: string

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'amdahl cgroup-'))
  })

  afterEach(() => rmSync(root, { recursive: true }))

  function write(path: string, text: string): void {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), `${text}\n`)
  }

  /** Mounts as `ROOT FOLDER TYPE OPTIONS`, with the folder below the root of the test. */
  function open(...mounts: readonly string[]) {
    const lines = mounts.map((mount) => {
      const [path, folder = '', type, options] = mount.split(' ')
      return `41 31 0:38 ${path} ${join(root, folder).replaceAll(' ', '\\040')} rw - ${type} ${type} ${options}`
    })
    write('proc/self/mountinfo', lines.join('\n'))
    return createCgroupfs(join(root, 'proc'))
  }

  test('v2: quotas of all levels, the cpuset of the nearest level that has one', () => {
    const cgroupfs = open('/ cgroup cgroup2 rw')
    write('cgroup/cpuset.cpus.effective', '0-7')
    write('cgroup/kubepods.slice/cpu.max', '400000 100000')
    write('cgroup/kubepods.slice/cpuset.cpus.effective', '0-3,6')
    write('cgroup/kubepods.slice/pod.slice/cpu.max', 'max 100000')
    write('cgroup/kubepods.slice/pod.slice/app.scope/cpu.max', '50000 100000')
    expect(cgroupfs.readLimits(parseProcCgroup('0::/kubepods.slice/pod.slice/app.scope'))).toEqual({
      cpuset: [0, 1, 2, 3, 6],
      quotas: [
        { path: '/kubepods.slice/pod.slice/app.scope', cpus: 0.5 },
        { path: '/kubepods.slice', cpus: 4 },
      ],
    })
  })

  test('v2: throttling is summed over the levels with a quota', () => {
    const cgroupfs = open('/ cgroup cgroup2 rw')
    const stat =
      'usage_usec 9\nnr_periods 50\nnr_throttled 20\nthrottled_usec 1500000\nnr_bursts 0\nburst_usec 0'
    for (const [path, max] of [
      ['a', '200000 100000'],
      ['a/b', 'max 100000'],
      ['a/b/c', '50000 100000'],
    ]) {
      write(`cgroup/${path}/cpu.max`, max ?? '')
      write(`cgroup/${path}/cpu.stat`, stat)
    }
    expect(total(cgroupfs.readThrottling(parseProcCgroup('0::/a/b/c')))).toEqual({ periods: 40, seconds: 3 })
    write('cgroup/a/cpu.stat', 'usage_usec 9')
    expect(total(cgroupfs.readThrottling(parseProcCgroup('0::/a/b/c')))).toEqual({
      periods: 20,
      seconds: 1.5,
    })
    expect(total(cgroupfs.readThrottling(parseProcCgroup('0::/a/b')))).toBeUndefined()
  })

  test('hybrid: cpu and cpuset of v1, though v2 is mounted too', () => {
    const cgroupfs = open(
      '/ cgroup/unified cgroup2 rw',
      '/ cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct',
      '/ cgroup/cpuset cgroup rw,cpuset',
    )
    write('cgroup/unified/a/cpu.max', '100000 100000')
    write('cgroup/cpu,cpuacct/cpu.cfs_quota_us', '-1')
    write('cgroup/cpu,cpuacct/cpu.cfs_period_us', '100000')
    write('cgroup/cpu,cpuacct/a/cpu.cfs_quota_us', '150000')
    write('cgroup/cpu,cpuacct/a/cpu.cfs_period_us', '50000')
    write('cgroup/cpu,cpuacct/a/cpu.stat', 'nr_periods 9\nnr_throttled 4\nthrottled_time 2500000000')
    write('cgroup/cpuset/b/cpuset.cpus', '0-1')
    write('cgroup/cpuset/b/cpuset.effective_cpus', '1')
    const paths = parseProcCgroup('3:cpuset:/b\n2:cpu,cpuacct:/a\n0::/a')
    expect(cgroupfs.readLimits(paths)).toEqual({ cpuset: [1], quotas: [{ path: '/a', cpus: 3 }] })
    expect(total(cgroupfs.readThrottling(paths))).toEqual({ periods: 4, seconds: 2.5 })
  })

  test('v1: cpuset.cpus where the kernel has no cpuset.effective_cpus, and not where it is empty', () => {
    const cgroupfs = open('/ cgroup/cpuset cgroup rw,cpuset')
    write('cgroup/cpuset/cpuset.cpus', '0-3')
    write('cgroup/cpuset/a/cpuset.cpus', '2')
    write('cgroup/cpuset/b/cpuset.cpus', '')
    expect(cgroupfs.readLimits(parseProcCgroup('3:cpuset:/a')).cpuset).toEqual([2])
    expect(cgroupfs.readLimits(parseProcCgroup('3:cpuset:/b')).cpuset).toEqual([0, 1, 2, 3])
  })

  const QUOTA = '200000 100000'

  test.each([
    ['the root of a mount is cut off', '/docker/x', '/docker/x/a', 'a', '/docker/x/a'],
    ['a private namespace is its own root', '/', '/', '', '/'],
    ['outside of the namespace, as far as the mount', '/../..', '/../../a', 'a', '/../../a'],
    ['a mount further in', '/../../a', '/../../a/b', 'b', '/../../a/b'],
  ])('maps a path: %s', (_, mountRoot, path, folder, quotaPath) => {
    const cgroupfs = open(`${mountRoot} cgroup cgroup2 rw`)
    write(join('cgroup', folder, 'cpu.max'), QUOTA)
    expect(cgroupfs.readLimits(parseProcCgroup(`0::${path}`)).quotas).toEqual([{ path: quotaPath, cpus: 2 }])
  })

  test.each([
    ['is outside of the mount', '/docker/x', '/docker/y'],
    ['is outside of a private namespace', '/', '/../x'],
    ['has a name that is not told', '/../..', '/x'],
    ['is gone', '/', '/gone'],
    ['is a file', '/', '/cpu.max'],
  ])('has no limits where the cgroup %s', (_, mountRoot, path) => {
    const cgroupfs = open(`${mountRoot} cgroup cgroup2 rw`)
    write('cgroup/cpu.max', QUOTA)
    write('cgroup/x/cpu.max', QUOTA)
    const paths = parseProcCgroup(`0::${path}`)
    expect(cgroupfs.readLimits(paths)).toEqual({ cpuset: undefined, quotas: [] })
    expect(total(cgroupfs.readThrottling(paths))).toBeUndefined()
  })

  test('takes the mount that shows the cgroup, and none that another one covers', () => {
    const cgroupfs = open(
      '/ covered cgroup2 rw',
      '/docker/x own cgroup2 rw',
      '/ host cgroup2 rw',
      '/ covered tmpfs rw',
    )
    write('covered/a/cpu.max', '100000 100000')
    write('host/a/cpu.max', '300000 100000')
    expect(cgroupfs.readLimits(parseProcCgroup('0::/a')).quotas).toEqual([{ path: '/a', cpus: 3 }])
  })

  test.each(['', 'x', '5', 'max', '-5 100000', '0 100000', '5 0', '5 max'])(
    'cpu.max of %j is no quota',
    (text) => {
      const cgroupfs = open('/ cgroup cgroup2 rw')
      write('cgroup/a/cpu.max', text)
      expect(cgroupfs.readLimits(parseProcCgroup('0::/a')).quotas).toEqual([])
    },
  )

  test('without mounts there are no limits', () => {
    const cgroupfs = createCgroupfs(join(root, 'nowhere'))
    expect(cgroupfs.readLimits(parseProcCgroup('0::/a'))).toEqual({ cpuset: undefined, quotas: [] })
    expect(total(cgroupfs.readThrottling(parseProcCgroup('0::/a')))).toBeUndefined()
  })
})

const CPU_V1 = '/sys/fs/cgroup/cpu'

/** Whether a cgroup with a quota can be made here. As needs() of the requirements, without a skip in strict mode. */
function canLimitCpu(): boolean {
  try {
    accessSync(join(CPU_V1, 'cpu.cfs_quota_us'), constants.W_OK)
    return true
  } catch {
    if (process.env.AMDAHL_TEST_STRICT === '1') return true
    console.warn(`skipped: the v1 cpu controller is not mounted at ${CPU_V1}, or is not writable`)
    return false
  }
}

describe.runIf(canLimitCpu())('a cgroup of the kernel', () => {
  const name = `amdahl_exporter-test-${process.pid}`
  const folder = join(CPU_V1, name)

  beforeEach(() => mkdirSync(folder))
  afterEach(() => rmdirSync(folder))

  test('half a CPU is a quota of 0.5, and holds back who wants more', () => {
    const cgroupfs = createCgroupfs('/proc')
    const paths = parseProcCgroup(`2:cpu:/${name}`)
    expect(cgroupfs.readLimits(paths).quotas).toEqual([])
    expect(total(cgroupfs.readThrottling(paths))).toBeUndefined()

    writeFileSync(join(folder, 'cpu.cfs_period_us'), '100000')
    writeFileSync(join(folder, 'cpu.cfs_quota_us'), '50000')
    expect(cgroupfs.readLimits(paths).quotas).toEqual([{ path: `/${name}`, cpus: 0.5 }])
    expect(total(cgroupfs.readThrottling(paths))).toEqual({ periods: 0, seconds: 0 })

    // A twentieth of a CPU, which a busy machine has as well.
    writeFileSync(join(folder, 'cpu.cfs_quota_us'), '5000')
    const burn = 'while (process.cpuUsage().user + process.cpuUsage().system < 100_000);'
    execFileSync('sh', [
      '-c',
      `echo $$ >'${folder}/cgroup.procs' && exec "$0" -e '${burn}'`,
      process.execPath,
    ])
    const throttling = total(cgroupfs.readThrottling(paths))
    // 100 ms of work, 5 ms in each period: twenty periods or so, each held back but the last.
    expect(throttling?.periods).toBeGreaterThanOrEqual(5)
    expect(throttling?.seconds).toBeGreaterThan(0.1)
  })

  test('one that was removed has no limits', () => {
    const cgroupfs = createCgroupfs('/proc')
    const paths = parseProcCgroup(`2:cpu:/${name}/gone`)
    mkdirSync(join(folder, 'gone'))
    writeFileSync(join(folder, 'gone/cpu.cfs_quota_us'), '200000')
    expect(cgroupfs.readLimits(paths).quotas).toHaveLength(1)
    rmdirSync(join(folder, 'gone'))
    expect(cgroupfs.readLimits(paths)).toEqual({ cpuset: undefined, quotas: [] })
    expect(total(cgroupfs.readThrottling(paths))).toBeUndefined()
  })
})
