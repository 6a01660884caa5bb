import { execFileSync } from 'node:child_process'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createBpftraceFrames } from '../../src/parse/bpftrace-frames.js'
import type { TraceInterval } from '../../src/parse/trace-interval.js'
import { ROOT } from '../e2e/support/exporter.js'
import { start } from '../e2e/support/process.js'
import { isThorough } from '../e2e/support/requirements.js'
import { inlineJobs, startWorkload } from '../e2e/support/workload.js'

/** Debian releases whose bpftrace is newer than this machine's, each in a folder of its own outside the repository. */
const RELEASES = ['trixie', 'forky']
const CACHE = process.env.AMDAHL_TEST_CACHE ?? '/var/cache/amdahl_exporter-test'
const PREPARE = join(ROOT, 'test/privileged/prepare-bpftrace.sh')

describe.each(RELEASES)('bpftrace of Debian %s', (release) => {
  test.runIf(isThorough())(
    'runs futex.bt: frames without a gap, the lock, its owner, nothing refused',
    { timeout: 600_000 },
    async () => {
      execFileSync('sh', [PREPARE, release, CACHE], { stdio: ['ignore', 'inherit', 'inherit'] })
      const folder = join(CACHE, release)
      copyFileSync(join(ROOT, 'bpftrace/futex.bt'), join(folder, 'futex.bt'))
      const workload = await startWorkload(`on-${release}`, inlineJobs('0.5', '2ms'))
      const tracer = start('unshare', ['--mount', 'sh', '-c', MOUNT_AND_TRACE, 'sh', folder])
      await tracer.exited
      const own = await workload.finish()

      const frames = createBpftraceFrames(16_384)
      const records = tracer
        .stdout()
        .split('\n')
        .map((line) => frames.push(line))
        .filter((record) => record !== undefined)
      expect(records.filter((record) => 'kind' in record)).toEqual([])
      const intervals = records.filter((record): record is TraceInterval => !('kind' in record))
      expect(intervals.length, tracer.stderr()).toBeGreaterThanOrEqual(4)
      for (const [index, interval] of intervals.entries()) {
        if (index > 0) expect(interval.beginNs).toBe(intervals[index - 1]?.endNs)
        expect(interval.lostEvents).toBe(0)
      }
      const locks = intervals.flatMap((interval) => interval.processes.get(workload.child.pid)?.locks ?? [])
      expect(new Set(locks.map((lock) => lock.address)).size).toBe(1)
      const owned = locks.reduce((sum, lock) => sum + lock.ownedSamples, 0)
      const watched = locks.reduce((sum, lock) => sum + lock.watchedSamples, 0)
      // Four seconds or more are 700 samples or more: 0.08 is four standard errors.
      expect(Math.abs(1 - owned / watched - own.p)).toBeLessThan(0.08)
    },
  )
})

/** The mounts live in a mount namespace of their own, and go with it; the tracer ends by itself. */
const MOUNT_AND_TRACE = `
set -e
mount --bind /proc "$1/proc"
mount --bind /dev "$1/dev"
mount --rbind /sys "$1/sys"
exec chroot "$1" timeout --signal=INT --kill-after=5 14 bpftrace --no-warnings -B line /futex.bt 1000 99
`
