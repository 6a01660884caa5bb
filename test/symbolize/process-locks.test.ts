import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openHostFile } from '../../src/foreign/open-file.js'
import { createRefusals } from '../../src/foreign/refusal.js'
import type { UserStack } from '../../src/parse/trace-interval.js'
import { readElfFacts } from '../../src/symbolize/elf-facts.js'
import { createProcessLocks } from '../../src/symbolize/process-locks.js'
import { needs } from '../e2e/support/requirements.js'
import { collectWaits, compile, folder, isRoot, run } from './waiting-process.js'

const WORKLOAD = fileURLToPath(new URL('../workload', import.meta.url))
/** A file tree without debug files. */
const NOTHING = join(folder, 'empty')

type Waits = ReadonlyMap<bigint, readonly UserStack[]>

function namesIn(pid: number, waits: Waits, rootfs: string): readonly string[] {
  const locks = createProcessLocks({ procfs: '/proc', rootfs }, createRefusals())
  const names = [...waits].map(([address, stacks]) => locks.name({ pid, address, stacks }, 0))
  return names.map((name) => `${name?.kind} ${name?.name}`).sort()
}

/** Names of the locks that a program's threads wait for. */
async function namesOf(
  program: string,
  args: readonly string[],
  count: number,
  rootfs = NOTHING,
  { beforeNaming = () => {}, words = 28 } = {},
): Promise<readonly string[]> {
  const running = await run(program, ...args)
  try {
    const waits = await collectWaits(running.pid, count, words)
    beforeNaming()
    return namesIn(running.pid, waits, rootfs)
  } finally {
    await running.stop()
  }
}

/** Waits for locks that the main thread holds, each in a thread and a function of its own. */
const HELD = `
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
#define HOLD(lock, wait) do { pthread_t t; pthread_mutex_lock(lock); pthread_create(&t, NULL, wait, lock); } while (0)
#define WAIT(name) static void *name(void *lock) { result = pthread_mutex_lock(lock); return NULL; }
static volatile int result;  // a call whose result is used is no jump
static inline void rest(void) { puts("ready"); fflush(stdout); sleep(60); }
`

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.skipIf(!needs('gcc', 'make', 'strip', 'objcopy') || !isRoot())('the locks of the workload', () => {
  const workload = join(folder, 'workload-locks')
  const stripped = join(folder, 'stripped/workload-locks')
  const debug = join(folder, 'workload-locks.debug')
  const few = (kind: string) => [kind, '3', '--duration', '20s']

  const bySite = ['cart_add', 'log_append', 'session_find'].map((name) =>
    expect.stringMatching(new RegExp(`^site ${name}\\+0x[0-9a-f]+$`)),
  )
  const bySymbol = ['static cache+0x8', 'static orders_lock', 'static stock_lock']

  beforeAll(() => {
    const flags = 'CFLAGS=-O2 -g -fomit-frame-pointer'
    execFileSync('make', ['-s', '-C', WORKLOAD, `OUT=${folder}`, flags, workload])
    mkdirSync(dirname(stripped))
    copyFileSync(workload, stripped)
    execFileSync('strip', [stripped])
    execFileSync('objcopy', ['--only-keep-debug', workload, debug])
  })

  test('have the names of their symbols, and after a restart too', async () => {
    const names = await namesOf(workload, few('global'), 3)
    expect(names).toEqual(bySymbol)
    expect(await namesOf(workload, few('global'), 3)).toEqual(names)
  })

  test('from malloc have the names of the functions that wait, and after a restart too', async () => {
    const names = await namesOf(workload, few('heap'), 3)
    expect(names).toEqual(bySite)
    expect(await namesOf(workload, few('heap'), 3)).toEqual(names)
  })

  test('without symbols have offsets in the program, and after a restart too', async () => {
    for (const kind of ['global', 'heap']) {
      const names = await namesOf(stripped, few(kind), 3)
      const word = kind === 'global' ? 'static' : 'site'
      expect(new Set(names).size).toBe(3)
      for (const name of names) expect(name).toMatch(new RegExp(`^${word} workload-locks\\+0x[0-9a-f]+$`))
      expect(await namesOf(stripped, few(kind), 3)).toEqual(names)
    }
  })

  test('have their names back with a debug file that has the build-id', async () => {
    const rootfs = join(folder, 'by-build-id')
    const id = readElfFacts(openHostFile(stripped, createRefusals())).buildId ?? ''
    expect(id).toMatch(/^[0-9a-f]{40}$/)
    const place = join(rootfs, `usr/lib/debug/.build-id/${id.slice(0, 2)}/${id.slice(2)}.debug`)
    mkdirSync(dirname(place), { recursive: true })
    copyFileSync(debug, place)
    expect(await namesOf(stripped, few('global'), 3, rootfs)).toEqual(bySymbol)
    expect(await namesOf(stripped, few('heap'), 3, rootfs)).toEqual(bySite)
  })

  test.each(['', '.debug'])(
    'have their names back with a debug file in the folder %j of their own',
    async (debugFolder) => {
      const program = join(folder, `linked${debugFolder}/workload-locks`)
      const place = join(dirname(program), debugFolder)
      mkdirSync(place, { recursive: true })
      copyFileSync(debug, join(place, 'workload-locks.debug'))
      execFileSync('objcopy', [`--add-gnu-debuglink=${debug}`, stripped, program])
      expect(await namesOf(program, few('heap'), 3)).toEqual(bySite)
      writeFileSync(join(place, 'workload-locks.debug'), 'of another program')
      expect(await namesOf(program, few('heap'), 3)).not.toEqual(bySite)
    },
  )

  test('have their names also when the program was replaced on the disk', async () => {
    const program = join(folder, 'replaced/workload-locks')
    mkdirSync(dirname(program))
    copyFileSync(workload, program)
    const replace = () => {
      rmSync(program)
      copyFileSync('/bin/true', program)
    }
    expect(await namesOf(program, few('heap'), 3, NOTHING, { beforeNaming: replace })).toEqual(bySite)
  })

  test('without stacks are of the kind of memory they lie in', async () => {
    const running = await run(workload, ...few('heap'))
    try {
      const waits = await collectWaits(running.pid, 3)
      const bare = new Map([...waits.keys()].map((address) => [address, []]))
      expect(namesIn(running.pid, bare, NOTHING)).toEqual(new Array(3).fill('memory heap'))
    } finally {
      await running.stop()
    }
  })

  test('cost little to name: 200 of them, and each again', async () => {
    const running = await run(workload, 'many', '200', '--duration', '60s')
    try {
      const { pid } = running
      const waits = await collectWaits(pid, 200)
      const locks = createProcessLocks({ procfs: '/proc', rootfs: NOTHING }, createRefusals())
      const nameAll = () => {
        const begin = process.cpuUsage()
        const names = [...waits].map(
          ([address, stacks]) => locks.name({ pid, address, stacks }, 0)?.name ?? '',
        )
        const { user, system } = process.cpuUsage(begin)
        return { names, seconds: (user + system) / 1e6 }
      }
      const first = nameAll()
      const again = nameAll()
      const functions = first.names.map((name) => name.replace(/\+0x[0-9a-f]+$/, '')).sort()
      expect(functions).toEqual(Array.from({ length: 200 }, (_, i) => `many_${i}`).sort())
      expect(again.names).toEqual(first.names)
      expect(first.seconds).toBeLessThan(1)
      expect(again.seconds).toBeLessThan(0.3)
    } finally {
      await running.stop()
    }
  })
})

describe.skipIf(!needs('gcc') || !isRoot())('the locks of a program in C', () => {
  test('have the source file before a name that the program has twice', async () => {
    const part = (name: string) => `${HELD}
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t ${name}_lock = PTHREAD_MUTEX_INITIALIZER;
WAIT(waiter)
void start_${name}(void) { HOLD(&lock, waiter); HOLD(&${name}_lock, waiter); }`
    writeFileSync(join(folder, 'cache.c'), part('cache'))
    writeFileSync(join(folder, 'pool.c'), part('pool'))
    const main = `${HELD} void start_cache(void), start_pool(void);
int main(void) { start_cache(); start_pool(); rest(); }`
    const program = compile('twice', main, join(folder, 'cache.c'), join(folder, 'pool.c'))
    expect(await namesOf(program, [], 4)).toEqual([
      'static cache.c:lock',
      'static cache_lock',
      'static pool.c:lock',
      'static pool_lock',
    ])
  })

  test('have the name of their library before them', async () => {
    const library = join(folder, 'libshop.so.1')
    const source = `${HELD} #include <stdlib.h>
pthread_mutex_t pool_lock = PTHREAD_MUTEX_INITIALIZER;
WAIT(pool_take)
void shop_start(void) { HOLD(&pool_lock, pool_take); pthread_mutex_t *own = calloc(1, sizeof *own); HOLD(own, pool_take); }`
    compile('libshop.so.1', source.replace(' #include', '\n#include'), '-shared', '-fPIC')
    const main = `${HELD} void shop_start(void); int main(void) { shop_start(); rest(); }`
    const program = compile('shop', main, library, `-Wl,-rpath,${folder}`)
    expect(await namesOf(program, [], 2)).toEqual([
      expect.stringMatching(/^site libshop\.so\.1:pool_take\+0x[0-9a-f]+$/),
      'static libshop.so.1:pool_lock',
    ])
  })

  test.each([
    ['position-dependent', ['-no-pie']],
    ['with code and data in one segment', ['-Wl,-z,noseparate-code']],
    ['without a build-id', ['-Wl,--build-id=none']],
    ['statically linked', ['-static']],
  ])('that is %s have names', async (kind, flags) => {
    const source = `${HELD}
#include <stdlib.h>
static struct { char first[5000]; pthread_mutex_t lock; char last[20000]; } shop;
static pthread_mutex_t start = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t prices;
WAIT(cart_add)
static void *price_read(void *lock) { result = pthread_rwlock_rdlock(lock); return NULL; }
int main(void) {
    pthread_mutex_t *cart = calloc(1, sizeof *cart);
    pthread_t t;
    HOLD(&shop.lock, cart_add); HOLD(&start, cart_add); HOLD(cart, cart_add);
    pthread_rwlock_wrlock(&prices); pthread_create(&t, NULL, price_read, &prices);
    rest();
}`
    const program = compile(kind.replaceAll(' ', '-'), source, ...flags)
    expect(await namesOf(program, [], 4)).toEqual([
      expect.stringMatching(/^site cart_add\+0x[0-9a-f]+$/),
      'static prices',
      'static shop+0x1388',
      'static start',
    ])
  })
})

describe.skipIf(!needs('g++') || !isRoot())('the locks of a program in C++', () => {
  const source = `
#include <chrono>
#include <cstdio>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <unistd.h>
namespace shop {
struct Cart {
  std::mutex mutex;
  int items = 0;
  __attribute__((noinline)) void add(int count) { std::lock_guard<std::mutex> guard(mutex); items += count; }
};
template <class Key> struct Cache {
  std::recursive_mutex mutex;
  Key last;
  __attribute__((noinline)) void put(const Key &key) { std::unique_lock<std::recursive_mutex> lock(mutex); last = key; }
};
struct Prices {
  std::shared_timed_mutex mutex;
  int version = 0;
  __attribute__((noinline)) int read() { std::shared_lock<std::shared_timed_mutex> lock(mutex); return version; }
};
static std::mutex pool;
volatile int sink;
}
int main() {
  auto *cart = new shop::Cart;
  auto *cache = new shop::Cache<std::string>;
  auto *prices = new shop::Prices;
  cart->mutex.lock(); cache->mutex.lock(); prices->mutex.lock(); shop::pool.lock();
  std::thread([=] { cart->add(1); shop::sink = 1; }).detach();
  std::thread([=] { cache->put("a"); shop::sink = 1; }).detach();
  std::thread([=] { shop::sink = prices->read(); }).detach();
  std::thread([=] { shop::pool.lock(); shop::sink = 1; }).detach();
  puts("ready"); fflush(stdout); sleep(60);
}`

  test.each(['-O0', '-O2'])('with %s have the names of the functions that wait', async (level) => {
    const program = compile(`cxx${level}`, source, '-xc++', level, '-fomit-frame-pointer')
    const names = await namesOf(program, [], 4, NOTHING, { words: 64 })
    expect(names.map((name) => name.replace(/\+0x[0-9a-f]+$/, ''))).toEqual([
      'site shop::Cache<std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> > >::put',
      'site shop::Cart::add',
      'site shop::Prices::read',
      'static shop::pool',
    ])
  })
})
