import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { arch } from 'node:os'
import { join } from 'node:path'
import { messageOf } from '../../log/message-of.js'
import type { Problem, Usable } from '../backend.js'
import { SYSTEM_TOOLS } from '../tools.js'
import { buildModule } from './build.js'
import { headersFolder, isThere, readStapVersion } from './kernel.js'
import type { KernelModule } from './kernel-module.js'
import { MODULE_FILE, SCRIPT } from './script.js'

/**
 * A module that is compiled here, once for each kernel, and kept.
 *
 * @param cacheFolder Where it is kept.
 * @param kernel Release of the running kernel.
 */
export function createCompiledModule(
  cacheFolder: string,
  kernel: string,
  tools = SYSTEM_TOOLS,
): KernelModule {
  /** The module that could not be built: it is not tried again, since each try costs seconds of CPU time. */
  let failed: { readonly key: string; readonly problem: string } | undefined
  let wanted: { readonly key: string; readonly folder: string; readonly file: string } | undefined

  return {
    async check() {
      const stap = await readStapVersion(tools)
      if (stap === undefined) {
        return {
          problem:
            'stap is not installed: install it (Debian: apt-get install systemtap), or give a module that was built ' +
            'elsewhere (--tracer.systemtap.module)',
        }
      }
      const key = keyOf(kernel, stap)
      if (failed?.key === key) return { problem: failed.problem }
      const folder = join(cacheFolder, `${kernel}-${key}`)
      wanted = { key, folder, file: join(folder, MODULE_FILE) }
      const cacheProblem = await describeCacheProblem(cacheFolder)
      return cacheProblem === undefined ? checkFile(wanted.file, kernel, stap) : { problem: cacheProblem }
    },
    async prepare(signal) {
      if (wanted === undefined || isThere(wanted.file)) return undefined
      const { key, folder } = wanted
      const problem = await makeRoom(cacheFolder, kernel)
      if (problem !== undefined) return problem
      const built = await buildModule(kernel, folder, tools, signal)
      if ('file' in built || signal.aborted) return undefined
      failed = { key, problem: `${built.problem}; then restart the exporter` }
      return built
    },
    file: () => wanted?.file ?? MODULE_FILE,
  }
}

/** Another one for each kernel, compiler and script. */
function keyOf(kernel: string, stapVersion: string): string {
  return createHash('sha256')
    .update(JSON.stringify([kernel, arch(), stapVersion, readFileSync(SCRIPT, 'utf8')]))
    .digest('hex')
    .slice(0, 16)
}

function checkFile(file: string, kernel: string, version: string): Usable | Problem {
  if (isThere(file)) return { version }
  if (!isThere(headersFolder(kernel))) {
    return {
      problem:
        `the headers of kernel ${kernel} are not installed: install them ` +
        `(Debian: apt-get install linux-headers-${kernel})`,
    }
  }
  return { version, preparation: `compiling the module for kernel ${kernel}, once` }
}

/** A module goes into the kernel: nobody but root may be able to put one there. */
async function describeCacheProblem(folder: string): Promise<string | undefined> {
  const found = await stat(folder).catch(() => undefined)
  if (found === undefined || (found.uid === 0 && (found.mode & 0o022) === 0)) return undefined
  return `the cache ${folder} can be written by another user than root: give another one (--path.cache)`
}

/** Makes the cache, and removes what was compiled for the same kernel by an older version. */
async function makeRoom(cacheFolder: string, kernel: string): Promise<Problem | undefined> {
  try {
    await mkdir(cacheFolder, { recursive: true, mode: 0o700 })
  } catch (error) {
    return {
      problem: `the cache cannot be made (${messageOf(error)}): give another folder (--path.cache)`,
    }
  }
  for (const name of await readdir(cacheFolder)) {
    if (name.startsWith(`${kernel}-`)) await rm(join(cacheFolder, name), { recursive: true, force: true })
  }
  return undefined
}
