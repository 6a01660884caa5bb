import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createRefusals } from '../../src/foreign/refusal.js'
import { createProcessLocks } from '../../src/symbolize/process-locks.js'
import { needs } from '../e2e/support/requirements.js'
import { compile, folder, isRoot, type Running, run } from './waiting-process.js'

/** Writes the pids of two processes and, for each kind of memory, the addresses of one word in both. */
const SHARED = `
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <signal.h>
#include <unistd.h>
#define BYTES 16384
static pthread_mutex_t own_lock;
static void *map(int fd, int flags, long offset) {
    return mmap(NULL, BYTES, PROT_READ | PROT_WRITE, flags, fd, offset);
}
int main(int argc, char **argv) {
    int memory = memfd_create("prices", 0);
    int file = open_file(argv[1]);
    if (ftruncate(memory, 2 * BYTES) != 0 || ftruncate(file, BYTES) != 0) return 1;
    int segment = shmget(IPC_PRIVATE, BYTES, 0600);
    char *inherited = map(-1, MAP_SHARED | MAP_ANONYMOUS, 0);
    char *mine[] = {inherited, map(memory, MAP_SHARED, 0), map(file, MAP_SHARED, 0), shmat(segment, NULL, 0),
                    malloc(64), (char *)&own_lock, map(file, MAP_PRIVATE, 0)};
    int channel[2];
    if (pipe(channel) != 0) return 1;
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        // At another address, and in the memfd from another page on.
        char *again[] = {inherited, (char *)map(memory, MAP_SHARED, 4096) - 4096, map(file, MAP_SHARED, 0),
                         shmat(segment, NULL, 0), mine[4], mine[5], mine[6]};
        shmctl(segment, IPC_RMID, NULL);
        if (write(channel[1], again, sizeof again) != sizeof again) return 1;
        sleep(60);
    }
    char *theirs[7];
    if (read(channel[0], theirs, sizeof theirs) != sizeof theirs) return 1;
    printf("%d %d", getpid(), child);
    for (int i = 0; i < 7; i++) printf(" %p %p", mine[i] + 4104 * (i < 4), theirs[i] + 4104 * (i < 4));
    printf("\\n");
    fflush(stdout);
    sleep(60);
    return 0;
}
`.replace(
  'static void *map',
  '#include <fcntl.h>\nstatic int open_file(const char *path) { return open(path, O_RDWR | O_CREAT, 0600); }\nstatic void *map',
)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.skipIf(!needs('gcc') || !isRoot())('a lock in memory of two processes', () => {
  let running: Running
  let words: readonly string[]

  beforeAll(async () => {
    const program = compile('shared', SHARED, '-D_GNU_SOURCE')
    running = await run(program, `${folder}/prices`)
    words = running.firstLine.split(' ')
  })
  afterAll(() => running.stop())

  /** What the word of this place in the list is a part of, for each of the two processes. */
  function homes(index: number) {
    const locks = createProcessLocks({ procfs: '/proc', rootfs: '/' }, createRefusals())
    return [0, 1].map((process) => {
      const address = BigInt(words[2 + 2 * index + process] ?? '')
      return locks.name({ pid: Number(words[process]), address, stacks: [] }, 0)?.home
    })
  }

  test.each([
    ['inherited by fork', 0],
    ['a memfd, from another page on', 1],
    ['a file', 2],
    ['a segment of System V', 3],
  ])('that is shared, %s, is one', (_, index) => {
    const [mine, theirs] = homes(index)
    expect(mine).toEqual({ key: expect.stringMatching(/^[0-9a-f]+:[0-9a-f]+:\d+\+0x1008$/), isShared: true })
    expect(theirs).toEqual(mine)
  })

  test('are four', () => {
    expect(new Set([0, 1, 2, 3].map((index) => homes(index)[0]?.key)).size).toBe(4)
  })

  test.each([
    ['from malloc', 4, undefined],
    ['of the program', 5, { key: expect.stringMatching(/\/shared\+0x[0-9a-f]+$/), isShared: false }],
    [
      'a private mapping of a file',
      6,
      { key: expect.stringMatching(/\/prices\+0x[0-9a-f]+$/), isShared: false },
    ],
  ])('that is private, %s, is one of each', (_, index, home) => {
    expect(homes(index)).toEqual([home, home])
  })
})
