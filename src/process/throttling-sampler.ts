import { dropOldest } from '../drop-oldest.js'
import { createTimeline, type Timeline } from '../join/cpu-timeline.js'
import type { CgroupPaths } from '../parse/cgroup.js'
import type { Cgroupfs, CgroupThrottling } from '../sample/cgroupfs.js'

export interface ThrottlingSampler {
  /** Reads the quotas of this cgroup from now on. */
  watch(paths: CgroupPaths): void
  /** Reads all that are watched once more, now. */
  sample(): void
  /**
   * Growth between two instants, each cgroup with a quota on the way up counted once; undefined where none has a
   * quota, or it was not read on both sides.
   */
  between(
    cgroups: readonly CgroupPaths[],
    beginNs: bigint,
    endNs: bigint,
  ): { readonly periods: number; readonly seconds: number } | undefined
}

/** Readings to keep, as the CPU sampler does. */
const CAPACITY = 128
/** Cgroups that are read; the one that was watched first makes room. */
const MAX_WATCHED = 1000

type Totals = Pick<CgroupThrottling, 'periods' | 'seconds'>

export function createThrottlingSampler(cgroupfs: Cgroupfs, monotonicNs: () => bigint): ThrottlingSampler {
  const watched = new Map<string, CgroupPaths>()
  const levels = new Map<string, Timeline<Totals>>()
  /** Paths of the levels with a quota, by cgroup. */
  const levelsOf = new Map<string, readonly string[]>()

  function read(key: string, paths: CgroupPaths, done: Set<string>): void {
    const quotas = cgroupfs.readThrottling(paths)
    const atNs = monotonicNs()
    levelsOf.set(
      key,
      quotas.map(({ path }) => path),
    )
    for (const { path, periods, seconds } of quotas) {
      if (done.has(path)) continue
      done.add(path)
      let timeline = levels.get(path)
      if (!timeline) {
        timeline = createTimeline(interpolate, CAPACITY)
        levels.set(path, timeline)
      }
      timeline.push(atNs, { periods, seconds })
    }
  }

  return {
    watch(paths) {
      const key = keyOf(paths)
      if (watched.has(key)) return
      watched.set(key, paths)
      read(key, paths, new Set())
      for (const dropped of dropOldest(watched, MAX_WATCHED)) levelsOf.delete(dropped)
    },
    sample() {
      const done = new Set<string>()
      for (const [key, paths] of watched) {
        read(key, paths, done)
      }
      for (const path of levels.keys()) if (!done.has(path)) levels.delete(path)
    },
    between(cgroups, beginNs, endNs) {
      let sum: { periods: number; seconds: number } | undefined
      for (const path of new Set(cgroups.flatMap((paths) => levelsOf.get(keyOf(paths)) ?? []))) {
        const begin = levels.get(path)?.at(beginNs)
        const end = levels.get(path)?.at(endNs)
        if (!begin || !end) continue
        sum ??= { periods: 0, seconds: 0 }
        sum.periods += end.periods - begin.periods
        sum.seconds += end.seconds - begin.seconds
      }
      return sum
    },
  }
}

function keyOf({ unified, v1 }: CgroupPaths): string {
  return JSON.stringify([unified, ...v1])
}

function interpolate(before: Totals, after: Totals, share: number): Totals {
  return {
    periods: before.periods + (after.periods - before.periods) * share,
    seconds: before.seconds + (after.seconds - before.seconds) * share,
  }
}
