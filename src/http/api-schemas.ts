/** JSON schemas of the API: requests are checked by them, answers are written by them, and OpenAPI describes them. */

const number = (description: string) => ({ type: 'number', description })
const text = (description: string) => ({ type: 'string', description })

const estimate = (description: string) => ({
  type: 'object',
  description: `${description}, with its 95 % interval; or the reason why there is none`,
  additionalProperties: false,
  properties: {
    value: number('Value'),
    lower: number('Lower bound of the 95 % interval'),
    upper: number('Upper bound of the 95 % interval'),
    reason: text('Why there is no value'),
  },
})

const change = (description: string) => ({
  type: 'object',
  description,
  additionalProperties: false,
  required: ['timestampSeconds', 'source', 'before', 'after', 'difference', 'verdict'],
  properties: {
    timestampSeconds: number('When the new program started, or was announced, in seconds since the epoch'),
    source: { type: 'string', enum: ['observed', 'announced'] },
    versionBefore: text('Version that was replaced'),
    versionAfter: text('Version that runs since'),
    lockBefore: text('Bottleneck lock before'),
    lockAfter: text('Bottleneck lock after'),
    before: estimate('Parallel fraction before'),
    after: estimate('Parallel fraction after'),
    difference: estimate('Parallel fraction after less that before'),
    verdict: { type: 'string', enum: ['improved', 'unchanged', 'regressed', 'undecided'] },
  },
})

const lock = {
  type: 'object',
  additionalProperties: false,
  required: ['lock', 'waits', 'waitSeconds'],
  properties: {
    lock: text('Symbol or call site; other: all that have no series of their own'),
    queueLength: number('Mean number of jobs at the lock, the holder included'),
    serialUtilizationRatio: number('CPU-seconds per second inside the lock'),
    waits: number('Waits that slept'),
    waitSeconds: number('Time that threads waited'),
  },
}

export const TARGET = {
  type: 'object',
  additionalProperties: false,
  required: ['name', 'parallelFraction', 'startTimestampSeconds', 'info', 'locks'],
  properties: {
    name: text('Name of the target'),
    cpus: number('CPUs that it may use (N)'),
    busyCpus: number('CPU-seconds per second (B)'),
    parallelFraction: {
      type: 'object',
      additionalProperties: false,
      required: ['ownership', 'window'],
      properties: { ownership: estimate('p by ownership'), window: estimate('p in contention windows') },
    },
    queueLength: number('Mean number of jobs at its locks (Q)'),
    serialUtilizationRatio: number('CPU-seconds per second inside the bottleneck lock (U_s)'),
    headroomRatio: number('1 / max(U_s, B/N)'),
    speedupLimit: number('1 / (1 - p)'),
    regime: { type: 'string', enum: ['sequential', 'parallel', 'client'] },
    bottleneckLock: text('Lock with the largest U_s'),
    startTimestampSeconds: number('Start of the main process, in seconds since the epoch'),
    info: {
      type: 'object',
      additionalProperties: false,
      properties: {
        version: text('By the rule of the target, or announced'),
        exe: text('Executable of the main process'),
        buildId: text('GNU build-id of the executable'),
        systemdUnit: text('systemd unit'),
        containerId: text('Id of the container'),
        podUid: text('Uid of the Kubernetes pod'),
      },
    },
    locks: { type: 'array', items: lock },
    deploy: change('The last deploy'),
    restart: change('The last restart of the release that runs'),
  },
}

export const TARGETS = {
  type: 'object',
  additionalProperties: false,
  required: ['targets'],
  properties: { targets: { type: 'array', items: TARGET } },
}

export const ERROR = {
  type: 'object',
  additionalProperties: false,
  required: ['error'],
  properties: { error: text('What is wrong, and what to do') },
}

/** Without control characters: the version becomes a label and a line of log. */
const PRINTABLE = '^[^\\u0000-\\u001f\\u007f-\\u009f]+$'

export const ANNOUNCEMENT = {
  type: 'object',
  additionalProperties: false,
  required: ['target'],
  properties: {
    target: {
      type: 'string',
      minLength: 1,
      maxLength: 256,
      pattern: PRINTABLE,
      description: 'Name of the target',
    },
    version: {
      type: 'string',
      minLength: 1,
      maxLength: 128,
      pattern: PRINTABLE,
      description: 'Version that is deployed',
    },
  },
}

export const ANNOUNCED = {
  type: 'object',
  additionalProperties: false,
  required: ['target', 'timestampSeconds'],
  properties: {
    target: text('Name of the target'),
    version: text('Version that is deployed'),
    timestampSeconds: number('When the deploy took place, in seconds since the epoch'),
  },
}

/** Of a query string, in which all values are text. */
const numeral = (description: string) => ({
  type: 'string',
  pattern: '^(?:\\d{1,15}(?:\\.\\d{0,15})?|\\.\\d{1,15})$',
  description,
})

export const QUESTION = {
  type: 'object',
  additionalProperties: false,
  required: ['target'],
  properties: {
    target: { type: 'string', minLength: 1, maxLength: 256, description: 'Name of the target' },
    cpus: numeral('CPUs that it would have'),
    clients: numeral('Clients, or threads that take jobs, that it would have'),
    holdTimeCut: numeral('Share of its hold time that the bottleneck lock would lose, from 0 to 1'),
    clientsNow: numeral('Clients that it has; else fitted to the measurement'),
    thinkSeconds: numeral('Think time that they have; else fitted; needs demandSeconds or throughput'),
    demandSeconds: numeral('Mean CPU time of a job'),
    throughput: numeral('Jobs per second now, in place of demandSeconds'),
  },
}

const range = (description: string) => ({
  type: 'object',
  description: `${description}, with its 95 % interval`,
  additionalProperties: false,
  required: ['value', 'lower', 'upper'],
  properties: { value: number('Value'), lower: number('Lower bound'), upper: number('Upper bound') },
})

const performance = (description: string) => ({
  type: 'object',
  description,
  additionalProperties: false,
  required: ['cpus', 'clients', 'parallelFraction', 'utilization', 'queueLength'],
  properties: {
    cpus: number('CPUs'),
    clients: number('Clients'),
    parallelFraction: number('p of the service then'),
    throughput: range('Jobs per second; left out where the CPU time of a job is not known'),
    utilization: range('CPU utilization'),
    queueLength: range('Mean number of jobs at the locks, holders included'),
    responseSeconds: range('Mean response time; left out where the CPU time of a job is not known'),
  },
})

export const ANSWER = {
  type: 'object',
  additionalProperties: false,
  required: ['target', 'measured', 'load', 'now', 'predicted', 'throughputRatio', 'responseRatio'],
  properties: {
    target: text('Name of the target'),
    bottleneckLock: text('Lock with the largest U_s'),
    measured: {
      type: 'object',
      description: 'What was measured, to be compared with now',
      additionalProperties: false,
      required: ['parallelFraction', 'utilization', 'queueLength'],
      properties: {
        parallelFraction: range('p by ownership'),
        utilization: number('CPU utilization of the CPUs it may use'),
        queueLength: number('Mean number of jobs at its locks'),
      },
    },
    load: {
      type: 'object',
      description: 'The load that was taken',
      additionalProperties: false,
      required: ['clients', 'thinkPerDemand', 'fitted'],
      properties: {
        clients: number('Clients'),
        thinkPerDemand: number('Think time over the CPU time of a job'),
        fitted: {
          type: 'array',
          description: 'What of it was fitted to the measurement',
          items: { type: 'string', enum: ['clients', 'think'] },
        },
      },
    },
    now: performance('The model of the service as it is'),
    predicted: performance('The model of the service as it would be'),
    throughputRatio: range('Throughput predicted over now'),
    responseRatio: range('Response time predicted over now'),
  },
}
