import { programRow } from './program.js'
import type { Row } from './row.js'

const SECTION = 'Locks'
const LIGHT = '--think 20ms'
const NO_OWNER: readonly string[] = ['owner-unknown']
/** Error of p where there is no owner word to read. */
const OWNERLESS = 0.05

type Rest = Partial<
  Pick<Row, 'isLight' | 'about' | 'reasons' | 'tolerance' | 'hasOtherQueue' | 'hasNoLimitingThread'>
>

function kind(name: string, title: string, args: string, rest: Rest = {}): Row {
  const row = { name, title, about: 'lock', reasons: [], hasNoLimitingThread: true, ...rest } as const
  return programRow(SECTION, `kinds ${args}`, row)
}

const light = (name: string, title: string, args: string, rest: Rest = {}) =>
  kind(name, title, `${args} ${LIGHT}`, { ...rest, isLight: true })

/** A job works for 600 µs inside the lock and for 400 µs outside it; 4 threads. */
export const LOCK_ROWS: readonly Row[] = [
  kind('normal', 'normal mutex', '--kind normal'),
  light('recursive', 'recursive mutex', '--kind recursive'),
  light('errorcheck', 'mutex that checks errors', '--kind errorcheck'),
  light('adaptive', 'adaptive mutex', '--kind adaptive'),
  light('robust', 'robust mutex', '--kind robust'),
  kind('inherit', 'mutex with priority inheritance', '--kind inherit'),
  light('timed', 'pthread_mutex_timedlock', '--kind timed'),
  kind(
    'shared-2x2',
    'process-shared mutex, 2 processes × 2 threads',
    '--kind shared --processes 2 --threads 2',
  ),
  light(
    'shared-4',
    'process-shared mutex, 4 processes of one thread',
    '--kind shared --processes 4 --threads 1',
  ),
  kind('rwlock', 'read-write lock, writers only', '--kind rwlock'),
  kind('mostly-read', 'read-write lock, a quarter writes', '--kind mostly-read', {
    reasons: NO_OWNER,
    hasOtherQueue: true,
  }),
  kind('semaphore', 'semaphore as a lock', '--kind semaphore', { reasons: NO_OWNER, tolerance: OWNERLESS }),
  light('monitor', 'monitor: mutex and condition variable', '--kind monitor'),
  kind('barrier', 'barrier, then one of 4 works alone', '--kind barrier --think 2ms', {
    reasons: ['no-lock-contention'],
    hasOtherQueue: true,
    isLight: true,
  }),
  light('stdio', 'flockfile', '--kind stdio', { reasons: NO_OWNER, tolerance: OWNERLESS }),
  kind('putc', 'putc to one FILE', '--kind putc', {
    about: 'calls',
    reasons: NO_OWNER,
    tolerance: OWNERLESS,
  }),
  kind('malloc', 'malloc and free, one arena', '--kind malloc', {
    about: 'calls',
    reasons: NO_OWNER,
    tolerance: OWNERLESS,
  }),
]
