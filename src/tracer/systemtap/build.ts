import { chmod, copyFile, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { messageOf } from '../../log/message-of.js'
import type { Problem } from '../backend.js'
import type { Tools } from '../tools.js'
import { explainBuild } from './explain.js'
import { isThere, runningRelease, sizeOf } from './kernel.js'
import { MODULE_FILE, MODULE_NAME, readScriptOptions, SCRIPT, TASK_WORK_HEADER } from './script.js'

/** Compiling takes seconds on a machine that is not busy. */
const BUILD_LIMIT_MS = 900_000
/** A compiler that is asked to end has this long before it is killed. */
const STOP_GRACE_MS = 5000
/** Debian ships a System.map of one line, which says that the real one is elsewhere. Bytes. */
const LEAST_SYSTEM_MAP = 10_000

/**
 * Compiles the script for a kernel and puts the module into `folder`, where it replaces another one at once.
 *
 * @param kernel Release of the kernel, as uname -r has it; its headers must be installed.
 * @param signal Ends it early: the result is then a problem.
 * @returns The path of the module, or why there is none.
 */
export async function buildModule(
  kernel: string,
  folder: string,
  tools: Tools,
  signal?: AbortSignal,
): Promise<{ readonly file: string } | Problem> {
  let work: string | undefined
  try {
    work = await mkdtemp(join(tmpdir(), 'amdahl_exporter-build-'))
    const options = ['-r', kernel, ...(await symbolOptions(kernel, work))]
    let run = await compile(options, work, tools, signal)
    if (run.failed && `${run.stderr}`.includes('task_work_cancel')) {
      const header = join(work, 'task-work.h')
      await copyFile(TASK_WORK_HEADER, header)
      run = await compile([...options, '-B', `KCFLAGS=-include ${header}`], work, tools, signal)
    }
    if (run.isCanceled) return { problem: 'the compilation was ended' }
    if (run.timedOut) return { problem: `stap took longer than ${BUILD_LIMIT_MS / 60_000} minutes` }
    if (run.failed) return { problem: explainBuild(`${run.stderr}`, kernel) }
    await mkdir(folder, { recursive: true })
    const file = join(folder, MODULE_FILE)
    await copyFile(join(work, MODULE_FILE), `${file}.new`)
    await chmod(`${file}.new`, 0o644)
    await rename(`${file}.new`, file)
    return { file }
  } catch (error) {
    return { problem: `the module cannot be written: ${messageOf(error)}` }
  } finally {
    if (work !== undefined) await rm(work, { recursive: true, force: true })
  }
}

/** At the lowest priority: it takes seconds of CPU time, which the services that are to be watched need. */
function compile(
  options: readonly string[],
  work: string,
  { find, environment }: Tools,
  signal: AbortSignal | undefined,
) {
  const all = ['-g', '-p4', '-m', MODULE_NAME, ...options, ...readScriptOptions()]
  return execa(find('nice') ?? 'nice', ['-n', '19', find('stap') ?? 'stap', ...all, SCRIPT], {
    cwd: work,
    env: { ...environment, SYSTEMTAP_DIR: join(work, 'systemtap') },
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    timeout: BUILD_LIMIT_MS,
    forceKillAfterDelay: STOP_GRACE_MS,
    ...(signal && { cancelSignal: signal }),
  })
}

/**
 * Without a System.map stap finds no kernel function, and Debian ships none: for the running kernel it gets the symbols
 * that the kernel gives of itself, by a root folder that has only them and links to the rest.
 */
async function symbolOptions(kernel: string, work: string): Promise<readonly string[]> {
  const map = `boot/System.map-${kernel}`
  const exists = (sizeOf(`/${map}`) ?? 0) >= LEAST_SYSTEM_MAP || isThere(`/usr/lib/debug/${map}`)
  if (exists || kernel !== runningRelease()) return []
  const root = join(work, 'root')
  await mkdir(join(root, 'boot'), { recursive: true })
  for (const folder of ['lib', 'usr']) await symlink(`/${folder}`, join(root, folder))
  // Not copyFile(): the kernel gives the file no size, and nothing would be copied.
  await writeFile(join(root, map), await readFile('/proc/kallsyms'))
  return [`--sysroot=${root}`]
}
