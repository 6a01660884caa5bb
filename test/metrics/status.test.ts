import { describe, expect, test } from 'vitest'
import { describeStatus } from '../../src/metrics/status.js'
import type { TracerStatus } from '../../src/tracer/tracer-status.js'
import { SOURCE } from './golden/scrape.js'

const withTracer = (change: Partial<TracerStatus>) => ({
  ...SOURCE,
  tracer: () => ({ ...SOURCE.tracer(), ...change }),
})

describe('the status', () => {
  test('is ready while the tracer runs and the CPU time can be read', () => {
    expect(describeStatus(SOURCE, undefined, '1.2')).toEqual({
      version: '1.2',
      ready: true,
      reasons: [],
      node: { cpus: 8, utilizationRatio: 0.4375 },
      tracer: { backend: 'bpftrace', state: 'running', reason: undefined },
    })
  })

  test('has the CPU use only once it was measured', () => {
    const { node, ready } = describeStatus({ ...SOURCE, cpuUse: () => undefined }, undefined, '1.2')
    expect([node, ready]).toEqual([{ cpus: undefined, utilizationRatio: undefined }, true])
  })

  test.each([
    ['the reason of the tracer', { reason: 'no BPF here' }, undefined, ['no BPF here']],
    ['its state, where it gives none', {}, undefined, ['the bpftrace tracer is backoff']],
    ['both', { reason: 'no BPF here' }, 'no /proc/stat', ['no BPF here', 'no /proc/stat']],
  ])('is not ready without them, and says why: %s', (_, change, cpuProblem, reasons) => {
    const status = describeStatus(withTracer({ state: 'backoff', ...change }), cpuProblem, '1.2')
    expect([status.ready, status.reasons]).toEqual([false, reasons])
    expect(status.tracer).toEqual({
      backend: 'bpftrace',
      state: 'backoff',
      ...{ reason: undefined, ...change },
    })
  })

  test('does not ask for the CPU use where it cannot be read', () => {
    const source = {
      ...SOURCE,
      cpuUse() {
        throw new Error('not to be asked')
      },
    }
    const { node, reasons } = describeStatus(source, 'no /proc/stat', '1.2')
    expect(node).toEqual({ cpus: undefined, utilizationRatio: undefined })
    expect(reasons).toEqual(['no /proc/stat'])
  })
})
