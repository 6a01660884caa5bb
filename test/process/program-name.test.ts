import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRefusals } from '../../src/foreign/refusal.js'
import { lineageOf } from '../../src/process/lineage.js'
import { createProcessDirectory } from '../../src/process/process-directory.js'
import { createProcessLooks } from '../../src/process/process-looks.js'
import { createProcfs } from '../../src/sample/procfs.js'
import { readElfFacts } from '../../src/symbolize/elf-facts.js'
import { needs } from '../e2e/support/requirements.js'
import { run } from '../symbolize/waiting-process.js'

/**
 * Forks a worker that writes over its arguments and its command name, and starts one that is text. Both end with it, when
 * nobody holds the other end of a pipe any longer.
 */
const FORKING = `
  pipe(READY, WORKER);
  pipe(ALIVE, PARENT);
  my $forked = fork();
  if (!$forked) { close(PARENT); $0 = "other: worker"; syswrite(WORKER, "x"); sysread(ALIVE, $_, 1); exit }
  my $started = fork();
  if (!$started) {
    open(STDOUT, ">&WORKER");
    open(STDIN, "<&ALIVE");
    exec($^X, "-e", 'syswrite(STDOUT, "x"); sysread(STDIN, $_, 1)');
  }
  sysread(READY, $_, 1) for 1..2;
  $| = 1;
  print "$forked $started\\n";
  sleep(60)`

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'amdahl-names-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function nameOf(pid: number): string | undefined {
  const { find } = createProcessDirectory(createProcfs('/proc'), () => 0n)
  const facts = find(pid)
  const lineage = typeof facts === 'object' ? lineageOf(facts, find) : []
  const looks = createProcessLooks({ procfs: '/proc', rootfs: '/' }, createRefusals(), readElfFacts)
  const looked = looks.answer({ kind: 'process', pid, containerId: undefined, lineage })
  return typeof looked === 'object' ? looked.program?.text : undefined
}

test.skipIf(!needs('perl'))(
  'a process has the name of its script, and so have workers that call themselves otherwise',
  async () => {
    const script = join(folder, 'shop.pl')
    writeFileSync(script, FORKING)
    const running = await run('perl', script)
    try {
      const pids = [running.pid, ...running.firstLine.split(' ').map(Number)]
      expect(pids.map(nameOf)).toEqual(['perl: shop.pl', 'perl: shop.pl', 'perl: shop.pl'])
    } finally {
      await running.stop()
    }
  },
)

test('a process has the name of the link by which it was called', async () => {
  // The shell is a link to dash or bash; it waits without a child.
  const running = await run('sh', '-c', 'echo; kill -STOP $$; exit')
  try {
    expect(nameOf(running.pid)).toBe('sh')
  } finally {
    await running.stop()
  }
})
