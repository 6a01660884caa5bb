import { z } from 'zod'
import { VERDICTS } from '../estimate/comparison.js'
import type { Estimator } from '../estimate/estimate.js'
import { REGIMES } from '../model/bounds.js'
import { RESOURCE_KINDS } from '../resources/resource.js'
import { RUNTIME_REASONS, RUNTIME_STATES } from '../runtimes/recognise.js'
import { estimate, number, oneOf, text } from './field.js'
import type { Read, Written } from './schema.js'

const PARALLEL_FRACTION = {
  ownership: estimate('p by ownership'),
  window: estimate('p in contention windows'),
} satisfies Record<Estimator, ReturnType<typeof estimate>>

const LOCK = z.object({
  lock: text('Symbol or call site; other: all that have no series of their own'),
  queueLength: number('Mean number of jobs at the lock, the holder included').optional(),
  serialUtilizationRatio: number('CPU-seconds per second inside the lock').optional(),
  heldRatio: number('Share of the time in which it is held').optional(),
  waits: number('Waits that slept'),
  waitSeconds: number('Time that threads waited'),
})

const RESOURCE = z.object({
  kind: oneOf(RESOURCE_KINDS, 'What it is'),
  name: text('Which one').optional(),
  utilizationRatio: number('Share of its servers in use'),
})

const RUNTIME = z.object({
  name: text('C library or language runtime; unknown: neither is recognised'),
  version: text('Where its files tell it').optional(),
  state: oneOf(RUNTIME_STATES, 'Whether waits for its locks are told from other waits'),
  reason: oneOf(RUNTIME_REASONS, 'Why they are not').optional(),
})

const CHANGE = z.object({
  timestampSeconds: number('When the new program started, or was announced, in seconds since the epoch'),
  source: oneOf(['observed', 'announced'], 'Whether the exporter saw it, or was told'),
  versionBefore: text('Version that was replaced').optional(),
  versionAfter: text('Version that runs since').optional(),
  lockBefore: text('Bottleneck lock before').optional(),
  lockAfter: text('Bottleneck lock after').optional(),
  before: estimate('Parallel fraction before'),
  after: estimate('Parallel fraction after'),
  difference: estimate('Parallel fraction after less that before'),
  verdict: oneOf(VERDICTS, 'What it did to the parallel fraction'),
})

/** All that is known of a target. */
export const TARGET = z.object({
  name: text('Name of the target'),
  cpus: number('CPUs that it may use (N)').optional(),
  busyCpus: number('CPU-seconds per second (B)').optional(),
  parallelFraction: z.object(PARALLEL_FRACTION),
  queueLength: number('Mean number of jobs at its locks (Q)').optional(),
  serialUtilizationRatio: number('CPU-seconds per second inside the bottleneck (U_s)').optional(),
  headroomRatio: number('Factor by which throughput can grow before the fullest resource is full').optional(),
  speedupLimit: number('Speed-up over one CPU that no number of CPUs exceeds').optional(),
  resources: z
    .array(RESOURCE)
    .describe('The fullest resource of each kind, the fullest one first')
    .optional(),
  regime: oneOf(REGIMES, 'What binds throughput now').optional(),
  bottleneckLock: text('Lock with the largest U_s, if that is the bottleneck').optional(),
  parkedThreads: number('Mean number of threads that only stand at locks: no wait there ends').optional(),
  startTimestampSeconds: number('Start of the main process, in seconds since the epoch'),
  info: z.object({
    namedBy: oneOf(
      ['rule', 'unit', 'container', 'script', 'command'],
      'What gave the target its name',
    ).optional(),
    version: text('By the rule of the target, or announced').optional(),
    exe: text('Executable of the main process').optional(),
    buildId: text('GNU build-id of the executable').optional(),
    systemdUnit: text('systemd unit').optional(),
    containerId: text('Id of the container').optional(),
    podUid: text('Uid of the Kubernetes pod').optional(),
  }),
  runtimes: z.array(RUNTIME).describe('What its processes run on').optional(),
  locks: z.array(LOCK),
  deploy: CHANGE.describe('The last deploy').optional(),
  restart: CHANGE.describe('The last restart of the release that runs').optional(),
})

export const TARGETS = z.object({ targets: z.array(TARGET) })

/** Of the path that leads to one target. */
export const TARGET_PARAMS = z.strictObject({ name: text('Name of the target') })

export type Targets = Written<typeof TARGETS>
/** As an exporter writes it. */
export type Target = Written<typeof TARGET>
/** As it is read in the answer of an exporter of any version. */
export type ReadTarget = Read<typeof TARGET>
export type Change = Written<typeof CHANGE>
