import { execFileSync } from 'node:child_process'
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createReaderProcess } from '../../src/foreign/reader-process.js'
import { createRefusals } from '../../src/foreign/refusal.js'
import type { FoundInterpreterLock, InterpreterLockLook } from '../../src/runtimes/interpreter-lock.js'
import { readWord, wordAt } from '../../src/runtimes/read-memory.js'
import {
  createInterpreterLockFinder,
  type InterpreterLockAnswer,
  type InterpreterLockRequest,
} from '../../src/symbolize/interpreter-lock-finder.js'
import { createProcessInterpreters } from '../../src/symbolize/process-interpreters.js'
import { needs } from '../e2e/support/requirements.js'
import { STATUS } from '../foreign/process-files.js'
import { startReaderHere } from '../foreign/reader-here.js'
import { PYTHONS, type RunningPython, runPython } from './python-process.js'
import { compile, folder, isRoot, run, runAsleep } from './waiting-process.js'

const PLACES = { procfs: '/proc', rootfs: '/' }
const refusals = createRefusals()
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const find = (pid: number) =>
  createProcessInterpreters(PLACES, refusals).find({ pid, interpreter: 'cpython' })
const gilsOf = (look: InterpreterLockLook | undefined) => (look?.kind === 'found' ? look.locks : [])

/** Undefined where it cannot be read. */
function readMemory(pid: number, address: bigint, count: number): Uint8Array | undefined {
  const memory = openSync(`/proc/${pid}/mem`, 'r')
  const bytes = Buffer.alloc(count)
  try {
    readSync(memory, bytes, 0, count, address)
    return bytes
  } catch {
    return undefined
  } finally {
    closeSync(memory)
  }
}

/** The state of a GIL, and what pthread_self() gives in the thread that has it or had it last. */
function readGil(pid: number, { address, threadIdOffset }: FoundInterpreterLock) {
  const read = (at: bigint, count: number) => readMemory(pid, at, count)
  const head = read(address, 24) ?? Buffer.alloc(24)
  return {
    locked: Number(wordAt(head, 16) & 0xffffffffn),
    thread: readWord(read, wordAt(head, 8) + BigInt(threadIdOffset)),
  }
}

async function withPython<T>(python: RunningPython, look: (python: RunningPython) => Promise<T>): Promise<T> {
  try {
    return await look(python)
  } finally {
    await python.stop()
  }
}

/** That of the distribution, which has the runtime in the program. */
const PYTHON = PYTHONS[0] ?? '/usr/bin/python3'
const LIBRARY_FOLDER = '/usr/lib/x86_64-linux-gnu'
const LIBRARIES = existsSync(LIBRARY_FOLDER)
  ? readdirSync(LIBRARY_FOLDER)
      .filter((name) => name === `lib${basename(PYTHON)}.so.1.0`)
      .map((name) => join(LIBRARY_FOLDER, name))
  : []
/** Maps a library, and does not start it. */
const LOADER = `
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>
int main(int argc, char **argv) {
  if (!dlopen(argv[1], RTLD_NOW | RTLD_LOCAL)) return 1;
  puts("ready");
  fflush(stdout);
  sleep(60);
}
`

/** Version of a program, by its name. */
const versionOf = (python: string) => basename(python).replace('python', '')
const hasOwnGils = (python: string) => Number(versionOf(python).slice(2)) >= 12

describe.skipIf(!isRoot() || !needs('python3'))('the GIL of a Python that runs', () => {
  test('is looked for', () => expect(PYTHONS.length).toBeGreaterThan(0))

  test.each(PYTHONS)('as %s is held by the thread that computes, and free when all wait', async (program) => {
    await withPython(runPython(program, 'one-computes.py'), async (python) => {
      const [computing, waiting, runtime] = (await python.line()).split(' ').map(BigInt) as [
        bigint,
        bigint,
        bigint,
      ]
      const look = find(python.pid)
      expect(look).toMatchObject({ kind: 'found', locks: [{ version: versionOf(program) }], isWhole: true })
      const [gil] = gilsOf(look) as [FoundInterpreterLock]
      // The main thread may be on its way to where it waits.
      await expect.poll(() => readGil(python.pid, gil)).toEqual({ locked: 1, thread: computing })
      if (!hasOwnGils(program)) expect([360n, 352n, 1152n]).toContain(gil.address - runtime)
      python.goOn()
      await python.line()
      // It reads the next line, for which it lets the GIL go.
      await expect.poll(() => readGil(python.pid, gil)).toEqual({ locked: 0, thread: waiting })
      expect(gilsOf(find(python.pid))).toEqual([gil])
    })
  })

  test('is in its program, whatever that is called, also where its file is gone', async () => {
    const program = join(folder, 'shopd')
    copyFileSync(PYTHON, program)
    await withPython(runPython(program, 'one-computes.py', { PYTHONHOME: '/usr' }), async (python) => {
      await python.line()
      rmSync(program)
      expect(find(python.pid)).toMatchObject({ locks: [{ version: versionOf(PYTHON) }], isWhole: true })
    })
  })

  test.each(LIBRARIES)('is not in %s, where the program has the one that is used', async (library) => {
    await withPython(runPython(PYTHON, 'one-computes.py', { LD_PRELOAD: library }), async (python) => {
      const [computing] = (await python.line()).split(' ').map(BigInt) as [bigint]
      const look = find(python.pid)
      expect(look).toMatchObject({ kind: 'found', locks: [{}], isWhole: true })
      const [gil] = gilsOf(look) as [FoundInterpreterLock]
      await expect.poll(() => readGil(python.pid, gil)).toEqual({ locked: 1, thread: computing })
    })
  })

  test('is that of each worker that it forks', async () => {
    await withPython(runPython(PYTHON, 'worker-waits.py'), async (python) => {
      const worker = Number(await python.line())
      const [own, parents] = [find(worker), find(python.pid)]
      expect(own).toMatchObject({ kind: 'found', isWhole: true })
      expect(gilsOf(own)).toEqual(gilsOf(parents))
      process.kill(worker, 'SIGKILL')
    })
  })

  test.each(PYTHONS.filter(hasOwnGils))(
    'as %s is one for each interpreter, while it is used',
    async (program) => {
      await withPython(runPython(program, 'interpreters-compute.py'), async (python) => {
        for (let i = 0; i < 2; i += 1) expect(await python.line()).toBe('computes')
        const look = find(python.pid)
        expect(gilsOf(look)).toHaveLength(3)
        expect(look).toMatchObject({ isWhole: true })
        await expect.poll(() => gilsOf(look).some((gil) => readGil(python.pid, gil).locked === 1)).toBe(true)
        await python.line()
        expect(gilsOf(look)).toEqual(expect.arrayContaining([...gilsOf(find(python.pid))]))
      })
    },
  )
})

describe.skipIf(!isRoot() || !needs('ruby'))('the GVL of a Ruby that runs', () => {
  test('is one, where its holder is a thread of it', async () => {
    const script = 'Thread.new { loop { } }; puts; $stdout.flush; sleep'
    const ruby = await run('ruby', '-e', script)
    try {
      const look = createProcessInterpreters(PLACES, refusals).find({ pid: ruby.pid, interpreter: 'ruby' })
      expect(look).toMatchObject({ kind: 'found', locks: [{ kind: 'gvl' }], isWhole: true })
      const [lock] = gilsOf(look) as [FoundInterpreterLock]
      const word = (address: bigint) =>
        readWord((at, bytes) => readMemory(ruby.pid, at, bytes), address) ?? 0n
      await expect
        .poll(() => {
          const holder = word(lock.address)
          const native =
            lock.nativeThreadOffset === 0 ? holder : word(holder + BigInt(lock.nativeThreadOffset))
          const thread = word(native + BigInt(lock.threadIdOffset))
          return thread !== 0n && word(thread + 16n) === thread
        })
        .toBe(true)
    } finally {
      await ruby.stop()
    }
  })
})

describe.skipIf(!isRoot())('no GIL', () => {
  test('is in a program that is none of Python', async () => {
    const program = await runAsleep()
    try {
      expect(find(program.pid)).toEqual({ kind: 'refused', reason: 'no-symbol', version: undefined })
    } finally {
      await program.stop()
    }
    expect(find(program.pid)).toBeUndefined()
    expect(refusals.take()).toEqual([])
  })

  test.skipIf(!needs('gcc')).each(LIBRARIES)(
    'is in a program that has not started its %s',
    async (library) => {
      const program = await run(compile('loader', LOADER), library)
      try {
        expect(find(program.pid)).toMatchObject({ kind: 'refused', reason: 'not-started' })
      } finally {
        await program.stop()
      }
    },
  )

  test.skipIf(!needs('python3'))('is looked for by who may not', async () => {
    await withPython(runPython(PYTHON, 'one-computes.py'), async (python) => {
      await python.line()
      process.seteuid?.(65_534)
      try {
        expect(find(python.pid)).toEqual({ kind: 'refused', reason: 'unreadable', version: undefined })
        expect(refusals.take()).toEqual([{ reason: 'permission', path: `/proc/${python.pid}/mem` }])
      } finally {
        process.seteuid?.(0)
      }
    })
  })
})

describe.skipIf(!needs('gcc'))('a file that may have the runtime', () => {
  const library = join(folder, 'libpython3.9.so.1.0')
  const procfs = join(folder, 'proc')
  const SOURCE = 'long _PyRuntime[82];\n'
  /** e_machine of aarch64 in the header of an ELF file. */
  const AARCH64 = 183

  /** What a process would have whose memory is all zeros, with the library at its begin. */
  function findIn(source: string, memoryBytes: number, change: (elf: Buffer) => Buffer = (elf) => elf) {
    writeFileSync(join(folder, 'library.c'), source)
    execFileSync('gcc', ['-shared', '-fPIC', '-o', library, join(folder, 'library.c')])
    writeFileSync(library, change(readFileSync(library)))
    const maps = `00010000-00800000 rw-p 00000000 fe:00 42     ${library}\n`
    const fields = Array.from({ length: 50 }, () => 1)
    for (const [name, content] of Object.entries({
      status: STATUS,
      stat: `7 (shopd) S ${fields.join(' ')}\n`,
      maps,
      mem: Buffer.alloc(memoryBytes),
    })) {
      mkdirSync(join(procfs, '7'), { recursive: true })
      writeFileSync(join(procfs, '7', name), content)
    }
    rmSync(join(procfs, '7/root'), { force: true })
    symlinkSync('/', join(procfs, '7/root'))
    const look = createProcessInterpreters({ procfs }, refusals).find({ pid: 7, interpreter: 'cpython' })
    expect(refusals.take()).toEqual([])
    return look?.kind === 'refused' ? `${look.reason} ${look.version ?? ''}` : look
  }

  test.each<[string, string, number, ((elf: Buffer) => Buffer)?]>([
    ['not-started 3.9', SOURCE, 0x100000],
    ['unreadable ', SOURCE, 100],
    ['no-symbol ', 'long other[82];\n', 0x100000],
    ['unknown-runtime-version 3.9', 'long _PyRuntime[60];\n', 0x100000],
    [
      'unsupported-machine ',
      SOURCE,
      0x100000,
      (elf) => {
        elf.writeUInt16LE(AARCH64, 18)
        return elf
      },
    ],
    ['unreadable ', SOURCE, 0x100000, () => Buffer.from('no program')],
  ])('gives %j', (expected, ...given) => expect(findIn(...given)).toBe(expected))
})

test.skipIf(!isRoot() || !needs('python3'))('a reader answers where a GIL is', async () => {
  const reader = createReaderProcess<InterpreterLockRequest, InterpreterLockAnswer>({
    start: () => startReaderHere(PLACES),
    limitMs: 60_000,
    onRefused: (refusal) => expect(refusal).toBeUndefined(),
    pathOf: ({ pid }) => `/proc/${pid}`,
    ownerOf: () => undefined,
  })
  const finder = createInterpreterLockFinder(reader)
  await withPython(runPython(PYTHON, 'one-computes.py'), async (python) => {
    await python.line()
    expect(await finder.find(python.pid, 'cpython')).toEqual({ answer: find(python.pid) })
  })
  reader.close()
  expect(await finder.find(1, 'cpython')).toBe('busy')
})
