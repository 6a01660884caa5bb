import { rmSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { createRefusals } from '../../src/foreign/refusal.js'
import { libcLockOf } from '../../src/symbolize/libc-lock.js'
import { createProcessLocks } from '../../src/symbolize/process-locks.js'
import { needs } from '../e2e/support/requirements.js'
import { collectWaits, compile, folder, isRoot, run } from './waiting-process.js'

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a function of the C library', () => {
  test.each([
    ['malloc', 'malloc arena'],
    ['__libc_calloc', 'malloc arena'],
    ['arena_get2.part.0', 'malloc arena'],
    ['main_arena', 'malloc arena'],
    ['_IO_puts', 'stdio'],
    ['__vfprintf_chk', 'stdio'],
    ['_IO_stdfile_1_lock', 'stdio'],
    ['fputs_unlocked', 'stdio'],
  ])('%s takes %s', (symbol, lock) => expect(libcLockOf(symbol)).toBe(lock))

  test.each(['pthread_mutex_lock', 'cart_put', 'localtime_r', 'free_orders', 'shop_malloc'])(
    '%s takes none of these',
    (symbol) => expect(libcLockOf(symbol)).toBeUndefined(),
  )
})

/**
 * An arena of a thread is found from its heap, which begins at a multiple of 64 MiB with the address of the arena; that
 * begins with its lock (malloc/arena.c, malloc/malloc.c). It is made to look held and contended.
 */
const SOURCE = `
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
static void *volatile kept;
static FILE *file;
static volatile int *arena;
static void *allocate(void *unused)
{
    (void)unused;
    kept = malloc(40000);
    arena = *(int **)((uintptr_t)kept & ~(uintptr_t)0x3ffffff);
    *arena = 2;
    kept = malloc(50000);
    return NULL;
}
static void *release(void *block) { free(block); return NULL; }
static void *write_log(void *unused) { (void)unused; fputs("sold", file); return NULL; }
static void *say(void *unused) { (void)unused; puts("sold"); return NULL; }
int main(void)
{
    pthread_t thread;
    file = fopen("/dev/null", "w");
    flockfile(file);
    pthread_create(&thread, NULL, allocate, NULL);
    while (!arena || *arena != 2) usleep(1000);
    pthread_create(&thread, NULL, release, kept);
    pthread_create(&thread, NULL, write_log, NULL);
    puts("ready");
    fflush(stdout);
    flockfile(stdout);
    pthread_create(&thread, NULL, say, NULL);
    sleep(60);
}
`

const NAMESAKE = `
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
static pthread_mutex_t *lock;
static volatile int result;
__attribute__((noinline)) int fgetpos(FILE *f, fpos_t *p) { (void)f; (void)p; return result = pthread_mutex_lock(lock); }
static void *run(void *unused) { (void)unused; result = fgetpos(NULL, NULL); return NULL; }
int main(void)
{
    pthread_t thread;
    pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
    lock = &own;
    pthread_mutex_lock(lock);
    pthread_create(&thread, NULL, run, NULL);
    puts("ready");
    fflush(stdout);
    sleep(60);
}
`

describe.skipIf(!needs('gcc') || !isRoot())('the locks of the C library', () => {
  test.each([
    ['dynamic', []],
    ['static', ['-static']],
  ])('of a %s program have the names of what they guard', async (kind, flags) => {
    const running = await run(compile(`libc-locks-${kind}`, SOURCE, ...flags))
    try {
      const locks = createProcessLocks({ procfs: '/proc', rootfs: '/' }, createRefusals())
      const waits = await collectWaits(running.pid, 3)
      const names = [...waits].map(([address, stacks]) =>
        locks.name({ pid: running.pid, address, stacks }, 0),
      )
      expect(names.map((name) => `${name?.kind} ${name?.name}`).sort()).toEqual([
        'site malloc arena',
        'site stdio',
        'static stdio',
      ])
      // Before anyone is seen to wait, the lock of a variable of the library may still get its name.
      const unseen = [...waits.keys()].map((address) =>
        locks.name({ pid: running.pid, address, stacks: [] }, 0),
      )
      expect(unseen.map((name) => name?.kind)).toContain(kind === 'static' ? 'static' : 'memory')
    } finally {
      await running.stop()
    }
  })

  test('are none where a program has a function of the same name', async () => {
    const running = await run(compile('namesake', NAMESAKE))
    try {
      const locks = createProcessLocks({ procfs: '/proc', rootfs: '/' }, createRefusals())
      for (const [address, stacks] of await collectWaits(running.pid, 1)) {
        const name = locks.name({ pid: running.pid, address, stacks }, 0)
        expect(name?.name).toMatch(/^fgetpos\+0x/)
      }
    } finally {
      await running.stop()
    }
  })
})
