import { createChangeTracker, type TrackerState } from '../../src/deploys/change-tracker.js'

/** What is kept of a target that was deployed once. */
export function deployedOnce(): TrackerState {
  const tracker = createChangeTracker(() => ({ compareSeconds: 300, settleSeconds: 0, minSamples: 200 }))
  const executable = { inode: 1, sizeBytes: 2, mtimeSeconds: 3, buildId: undefined }
  const start = { key: 'a', pid: 1, startTimestampSeconds: 5, program: 'shopd', executable, version: '1' }
  tracker.observe([start], 10)
  tracker.record({ part: 3, whole: 10 }, 'orders_lock', 11)
  tracker.observe([{ ...start, key: 'b', pid: 2, version: '2' }], 12)
  return tracker.state()
}
