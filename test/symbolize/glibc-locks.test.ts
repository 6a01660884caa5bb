import { rmSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { createRefusals } from '../../src/foreign/refusal.js'
import { createProcessLocks } from '../../src/symbolize/process-locks.js'
import { needs } from '../e2e/support/requirements.js'
import { compile, folder, isRoot, readWaits, run, settle } from './waiting-process.js'

/** Words from the stack pointer upwards that reach the return address into the program: with glibc 2.36, 20 do. */
const WORDS = 24

/** One lock of each kind on the heap, which the main thread holds; each other thread waits for one, in its function. */
const KINDS: Readonly<Record<string, { readonly setUp: string; readonly wait: string }>> = {
  normal: { setUp: '', wait: 'pthread_mutex_lock(p)' },
  recursive: { setUp: type('RECURSIVE'), wait: 'pthread_mutex_lock(p)' },
  errorcheck: { setUp: type('ERRORCHECK'), wait: 'pthread_mutex_lock(p)' },
  adaptive: { setUp: type('ADAPTIVE_NP'), wait: 'pthread_mutex_lock(p)' },
  robust: { setUp: 'pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);', wait: 'pthread_mutex_lock(p)' },
  inheriting: {
    setUp: 'pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT);',
    wait: 'pthread_mutex_lock(p)',
  },
  shared: {
    setUp: 'pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);',
    wait: 'pthread_mutex_lock(p)',
  },
  timed: { setUp: '', wait: 'pthread_mutex_timedlock(p, &end)' },
  timed_recursive: { setUp: type('RECURSIVE'), wait: 'pthread_mutex_timedlock(p, &end)' },
  timed_robust: {
    setUp: 'pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);',
    wait: 'pthread_mutex_timedlock(p, &end)',
  },
  timed_inheriting: {
    setUp: 'pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT);',
    wait: 'pthread_mutex_timedlock(p, &end)',
  },
  clock: { setUp: '', wait: 'pthread_mutex_clocklock(p, CLOCK_MONOTONIC, &end)' },
  reading: { setUp: 'RWLOCK', wait: 'pthread_rwlock_rdlock(p)' },
  writing: { setUp: 'RWLOCK', wait: 'pthread_rwlock_wrlock(p)' },
  timed_writing: { setUp: 'RWLOCK', wait: 'pthread_rwlock_timedwrlock(p, &end)' },
  c11: { setUp: '', wait: 'mtx_lock(p)' },
}

function type(name: string): string {
  return `pthread_mutexattr_settype(&a, PTHREAD_MUTEX_${name});`
}

const SOURCE = `
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>
static volatile int result;  // a call whose result is used is no jump
static const struct timespec end = {.tv_sec = 1L << 40};
${Object.entries(KINDS)
  .map(
    ([kind, { wait }]) => `
__attribute__((noinline)) static void wait_${kind}(void *p) { result = ${wait}; }
static void *run_${kind}(void *p) { wait_${kind}(p); return NULL; }`,
  )
  .join('\n')}
int main(void)
{
    pthread_t thread;
${Object.entries(KINDS)
  .map(([kind, { setUp }]) =>
    setUp === 'RWLOCK'
      ? `{ pthread_rwlock_t *l = malloc(sizeof *l); pthread_rwlock_init(l, NULL); pthread_rwlock_wrlock(l);
         pthread_create(&thread, NULL, run_${kind}, l); }`
      : `{ pthread_mutexattr_t a; pthread_mutexattr_init(&a); ${setUp}
         pthread_mutex_t *l = malloc(sizeof *l); pthread_mutex_init(l, &a); pthread_mutex_lock(l);
         pthread_create(&thread, NULL, run_${kind}, l); }`,
  )
  .join('\n')}
    puts("ready");
    fflush(stdout);
    sleep(60);
}
`

describe.skipIf(!needs('gcc') || !isRoot())('waits inside the C library', () => {
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('lead to the function that waits, for each kind of lock', async () => {
    const running = await run(compile('kinds', SOURCE, '-fno-ipa-icf'))
    try {
      const kinds = Object.keys(KINDS)
      await settle(() => readWaits(running.pid).length === kinds.length)
      const locks = createProcessLocks({ procfs: '/proc', rootfs: '/' }, createRefusals())
      const need = new Map<string, number>()
      for (const { address, stack } of readWaits(running.pid, 64)) {
        const nameWith = (words: number) => {
          const stacks = [{ ...stack, words: stack.words.slice(0, words) }]
          return locks.name({ pid: running.pid, address, stacks }, 0)
        }
        const name = nameWith(64)
        const words = Array.from({ length: 64 }, (_, i) => i).find(
          (count) => nameWith(count)?.kind === 'site',
        )
        need.set(`${name?.kind} ${name?.name.replace(/\+0x[0-9a-f]+$/, '')}`, words ?? Number.NaN)
      }
      expect([...need.keys()].sort()).toEqual(kinds.map((kind) => `site wait_${kind}`).sort())
      expect(Math.max(...need.values())).toBeLessThanOrEqual(WORDS)
    } finally {
      await running.stop()
    }
  })
})
