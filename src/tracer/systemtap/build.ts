import { copyFile, mkdir, mkdtemp, readdir, rename, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import type { Problem } from '../backend.js'
import { explainBuild } from './explain.js'
import { headersFolder, isThere, runningRelease, sizeOf } from './machine.js'
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
  signal?: AbortSignal,
): Promise<{ readonly file: string } | Problem> {
  let work: string | undefined
  try {
    work = await mkdtemp(join(tmpdir(), 'amdahl_exporter-build-'))
    const tree = await kernelTree(kernel, work)
    let run = await compile(tree, work, [], signal)
    if (run.failed && `${run.stderr}`.includes('task_work_cancel')) {
      await copyFile(TASK_WORK_HEADER, join(work, 'task-work.h'))
      run = await compile(tree, work, ['-B', `KCFLAGS=-include ${join(work, 'task-work.h')}`], signal)
    }
    if (run.isCanceled) return { problem: 'the compilation was ended' }
    if (run.timedOut) return { problem: `stap took longer than ${BUILD_LIMIT_MS / 60_000} minutes` }
    if (run.failed) return { problem: explainBuild(`${run.stderr}`, kernel) }
    await mkdir(folder, { recursive: true })
    const file = join(folder, MODULE_FILE)
    await copyFile(join(work, MODULE_FILE), `${file}.new`)
    await rename(`${file}.new`, file)
    return { file }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { problem: `the module cannot be written: ${reason}` }
  } finally {
    if (work !== undefined) await rm(work, { recursive: true, force: true })
  }
}

/** At the lowest priority: it takes seconds of CPU time beside the services that are to be watched. */
function compile(tree: string, work: string, more: readonly string[], signal: AbortSignal | undefined) {
  const options = ['-g', '-p4', '-r', tree, '-m', MODULE_NAME, ...readScriptOptions(), ...more]
  return execa('nice', ['-n', '19', 'stap', ...options, SCRIPT], {
    cwd: work,
    env: { SYSTEMTAP_DIR: join(work, 'systemtap') },
    stdin: 'ignore',
    reject: false,
    timeout: BUILD_LIMIT_MS,
    forceKillAfterDelay: STOP_GRACE_MS,
    ...(signal && { cancelSignal: signal }),
  })
}

/**
 * What `stap -r` is to use: the kernel's name, or a tree of its headers with the symbols that the running kernel gives
 * of itself, since without a System.map stap finds no kernel function, and Debian ships none.
 */
async function kernelTree(kernel: string, work: string): Promise<string> {
  const headers = headersFolder(kernel)
  const has = (path: string) => (sizeOf(path) ?? 0) >= LEAST_SYSTEM_MAP
  if (kernel !== runningRelease() || has(`/boot/System.map-${kernel}`) || has(join(headers, 'System.map'))) {
    return kernel
  }
  if (!isThere(headers)) return kernel
  const tree = join(work, 'kernel')
  await mkdir(tree)
  for (const name of await readdir(headers)) await symlink(join(headers, name), join(tree, name))
  await rm(join(tree, 'System.map'), { force: true })
  await copyFile('/proc/kallsyms', join(tree, 'System.map'))
  return tree
}
