import { chmodSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createRefusals } from '../../src/foreign/refusal.js'
import { createProcessLooks } from '../../src/process/process-looks.js'
import { readElfFacts } from '../../src/symbolize/elf-facts.js'
import { createProcessLocks } from '../../src/symbolize/process-locks.js'
import { needs } from '../e2e/support/requirements.js'
import { compile, folder, isRoot, run } from '../symbolize/waiting-process.js'

/** Maps one page of a file 65 000 times; each line of /proc/PID/maps has its path, of about 3800 characters. */
const MAPPER = `
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
int main(int argc, char **argv) {
  char name[251];
  memset(name, 'd', 250);
  name[250] = 0;
  if (chdir(argv[1])) return 1;
  for (int i = 0; i < 15; i++)
    if (mkdir(name, 0755) || chdir(name)) return 2;
  int file = open("page", O_CREAT | O_RDWR, 0644);
  if (ftruncate(file, 4096)) return 3;
  for (int i = 0; i < 65000; i++)
    if (mmap(0, 4096, i & 1 ? PROT_READ : PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0) == MAP_FAILED) return 4;
  puts("ready");
  fflush(stdout);
  pause();
}
`

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.skipIf(!isRoot() || !needs('gcc', 'setpriv'))('a program with 250 MB of mappings', () => {
  test('costs little memory and time, and is known by its name alone', async () => {
    const mapper = compile('mapper', MAPPER)
    chmodSync(folder, 0o755)
    const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups']
    const place = join(folder, 'deep')
    mkdirSync(place)
    chmodSync(place, 0o777)
    const program = await run('setpriv', ...nobody, mapper, place)
    try {
      const refusals = createRefusals()
      const places = { procfs: '/proc', rootfs: '/' }
      const beforeBytes = process.memoryUsage.rss()
      const begin = performance.now()
      const looks = createProcessLooks(places, refusals, readElfFacts)
      const look = looks.answer({ kind: 'process', pid: program.pid, containerId: undefined, lineage: [] })
      const name = createProcessLocks(places, refusals).name(
        { pid: program.pid, address: 4096n, stacks: [] },
        0,
      )
      const seconds = (performance.now() - begin) / 1000
      const bytes = process.memoryUsage.rss() - beforeBytes
      expect([look, name]).toMatchObject([
        { runtimeFiles: undefined, executable: { sizeBytes: statSync(mapper).size } },
        undefined,
      ])
      expect(refusals.take()).toEqual(
        new Array(2).fill({ reason: 'too-large', path: `/proc/${program.pid}/maps` }),
      )
      expect(seconds).toBeLessThan(5)
      expect(bytes).toBeLessThan(100e6)
    } finally {
      await program.stop()
    }
  })
})
