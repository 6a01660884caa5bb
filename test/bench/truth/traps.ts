import { programNamed } from '../../e2e/support/workload.js'
import { programRow, startProgram } from './program.js'
import type { Launch, Row, Running } from './row.js'

const SECTION = 'Traps'
const LIGHT = '--think 20ms'
/** No thread of it waits in a futex; or some do, but for no lock. */
const NO_FUTEX: readonly string[] = ['no-target', 'no-contention']
const NO_LOCK: readonly string[] = ['no-lock-contention']

type Rest = Partial<Omit<Row, 'name' | 'title' | 'start' | 'target' | 'section'>>

function trap(name: string, title: string, command: string, rest: Rest = {}): Row {
  return programRow(SECTION, command, { name, title, about: 'lock', reasons: [], ...rest })
}

/** Who holds a lock that nobody waits for is not seen, so the queue of many little used locks is not the whole one. */
const MANY_LOCKS: Rest = { hasOtherQueue: true }

const light = (name: string, title: string, command: string, rest: Rest = {}) =>
  trap(name, title, `${command} ${LIGHT}`, { ...rest, isLight: true })

/** Its lock is light, while other programs leave it no idle CPU. */
async function startBesideTenants(launch: Launch): Promise<Running> {
  const tenant = programNamed('t-tenant', 'workload-server')
  const busy = ['--inline', '--threads', '2', '--p', '1', '--demand', '10ms']
  const others = await startProgram(launch, tenant, busy)
  const service = await startProgram(launch, programNamed('t-tenants', 'workload-kinds'), ['--think', '20ms'])
  return {
    ...service,
    async finish() {
      const report = await service.finish()
      await others.finish()
      return report
    },
  }
}

/** A pid namespace of its own, as in a container. */
const startInNamespace = (launch: Launch) =>
  startProgram(
    launch,
    programNamed('t-namespace', 'workload-shapes'),
    ['--shape', 'many', '--think', '20ms'],
    ['unshare', '--pid', '--fork', '--kill-child'],
  )

export const TRAP_ROWS: readonly Row[] = [
  trap(
    'sleep-inside',
    'sleeps 2 ms inside the lock',
    'shapes --shape sleep --sleep-inside 2ms --inside 50us',
  ),
  trap('fsync-inside', 'fsync inside the lock', 'shapes --shape fsync --inside 20us --outside 50us'),
  light('nested', 'nested A > B', 'shapes --shape nested --outside 900us', MANY_LOCKS),
  light('stripes', '16 stripes', 'shapes --shape stripes', MANY_LOCKS),
  trap(
    'pipeline',
    'pipeline of 2 locks, 8 threads',
    'shapes --shape pipeline --threads 8 --inside 450us --outside 140us',
  ),
  trap(
    'busy',
    'one thread does everything, 7 wait for a condition',
    'threads --shape busy --threads 8 --inside 1ms --outside 5us',
    {
      about: 'thread',
    },
  ),
  trap(
    'lifo',
    'LIFO pool, light load: one thread gets the work',
    'threads --shape lifo --load 0.3 --inside 3ms',
    {
      about: 'unknown',
      reasons: NO_LOCK,
      queue: 0,
      hasNoLimitingThread: true,
      isLight: true,
    },
  ),
  trap('pool', 'pool of equal workers', 'threads --shape pool --load 0.9 --inside 1ms', {
    about: 'unknown',
    reasons: NO_FUTEX,
    hasNoLimitingThread: true,
  }),
  trap(
    'loop',
    'event loop with epoll and 2 helpers, 97 % of its limit',
    'threads --shape loop --load 0.97 --inside 1ms --outside 200us --threads 3',
    {
      about: 'thread',
      reasons: NO_FUTEX,
      queue: 0,
    },
  ),
  trap(
    'loop-light',
    'the same at 30 %: nothing says that it is one',
    'threads --shape loop --load 0.3 --inside 1ms --outside 200us --threads 3',
    {
      about: 'unknown',
      reasons: NO_FUTEX,
      queue: 0,
      isLight: true,
    },
  ),
  trap('phases', 'p = 0.9 and 0.3 in turn, 5 s each; truth: the mean', 'shapes --shape phases', {
    tolerance: 0.05,
    hasOtherWindows: true,
  }),
  trap(
    'convoy',
    'convoy of 1 µs, 8 threads; handling the lock counts as outside',
    'shapes --shape convoy --inside 1us --outside 2us --threads 8',
    {
      tolerance: 0.06,
    },
  ),
  light(
    'three',
    '3 locks, demands 6 : 3 : 1',
    'shapes --shape three --inside 500us --outside 500us',
    MANY_LOCKS,
  ),
  light('many', '200 locks, 1 hot', 'shapes --shape many', MANY_LOCKS),
  {
    ...light('namespace', 'the same in a pid namespace', 'shapes --shape many', MANY_LOCKS),
    command: 'unshare --pid --fork --kill-child workload-shapes --shape many --think 20ms',
    start: startInNamespace,
  },
  trap('threads-500', '500 threads', 'shapes --shape one --threads 500 --think 700ms'),
  trap('processes', 'processes of 0.3 s, 4 threads each', 'churn --shape processes --think 10ms', {
    reasons: ['short-lived-processes'],
  }),
  trap('requests', 'a thread for each request, 100 a second', 'churn --shape requests --rate 100', {
    isLight: true,
    hasThreadPerJob: true,
  }),
  trap('requests-900', 'the same, 900 a second', 'churn --shape requests --rate 900', {
    hasThreadPerJob: true,
  }),
  {
    ...trap('tenants', 'light lock, other programs fill the CPUs', 'kinds --think 20ms'),
    start: startBesideTenants,
  },
  trap(
    'parked',
    '6 threads stand in a lock for ever, one works',
    'threads --shape parked --load 0.1 --threads 7',
    {
      about: 'unknown',
      reasons: ['no-contention', ...NO_LOCK],
      queue: 0,
      isLight: true,
    },
  ),
]
