import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { arch } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { messageOf } from '../../log/message-of.js'
import { createSystemtapFrames } from '../../parse/systemtap-frames.js'
import type { Problem, TracerBackend, TracerOptions, Usable } from '../backend.js'
import { buildModule } from './build.js'
import { explainLoad, firstError, inUse } from './explain.js'
import {
  describeModuleProblem,
  hasStaprun,
  headersFolder,
  isThere,
  readStapVersion,
  runningRelease,
} from './kernel.js'
import { MAX_SAMPLE_HZ, MODULE_FILE, MODULE_NAME, SCRIPT } from './script.js'

export interface SystemtapSettings {
  /** A module that `amdahl_exporter stap build` made; undefined: compile one here. */
  readonly moduleFile: string | undefined
  /** Where compiled modules are kept. */
  readonly cacheFolder: string
}

/**
 * Buffer between the module and staprun: a frame with full tables is 0.5 MB, and the exporter may be late. Megabytes.
 */
const BUFFER_MB = 4
const UNLOAD_TRIES = 10
const UNLOAD_PAUSE_MS = 300

/**
 * The SystemTap back end: compiles stap/futex.stp into a kernel module, once for each kernel, and loads it.
 *
 * @param isRoot Whether the effective user is root, which loading a module takes.
 */
export function createSystemtapBackend(
  { moduleFile, cacheFolder }: SystemtapSettings,
  isRoot: boolean,
): TracerBackend {
  const kernel = runningRelease()
  let file = moduleFile
  /** The module that could not be built: it is not tried again, since each try costs seconds of CPU time. */
  let failed: { readonly key: string; readonly problem: string } | undefined
  let wanted: { readonly folder: string; readonly key: string } | undefined

  /** What stands in the way; else undefined. The most fundamental reason comes first. */
  function findProblem({ sampleHz }: TracerOptions): string | undefined {
    const moduleProblem = describeModuleProblem()
    if (moduleProblem !== undefined) return moduleProblem
    if (!isRoot) return 'SystemTap needs root to load its module: run the exporter as root'
    if (sampleHz > MAX_SAMPLE_HZ) {
      return `SystemTap samples at most ${MAX_SAMPLE_HZ} times a second: set --tracer.sample-hz=${MAX_SAMPLE_HZ} or less`
    }
    return undefined
  }

  async function checkCompiled(): Promise<Usable | Problem> {
    const stap = await readStapVersion()
    if (stap === undefined) {
      return {
        problem:
          'stap is not installed: install it (Debian: apt-get install systemtap), or give a module that was built ' +
          'elsewhere (--tracer.systemtap.module)',
      }
    }
    const key = createHash('sha256')
      .update(JSON.stringify([kernel, arch(), stap, readFileSync(SCRIPT, 'utf8')]))
      .digest('hex')
      .slice(0, 16)
    if (failed?.key === key) return { problem: failed.problem }
    wanted = { folder: join(cacheFolder, `${kernel}-${key}`), key }
    file = join(wanted.folder, MODULE_FILE)
    const cacheProblem = await describeCacheProblem(cacheFolder)
    if (cacheProblem !== undefined) return { problem: cacheProblem }
    if (isThere(file)) return { version: stap }
    if (!isThere(headersFolder(kernel))) {
      return {
        problem:
          `the headers of kernel ${kernel} are not installed: install them ` +
          `(Debian: apt-get install linux-headers-${kernel})`,
      }
    }
    return { version: stap, preparation: `compiling the module for kernel ${kernel}, once` }
  }

  return {
    name: 'systemtap',
    // staprun then unloads the module; killed, it could not.
    deathSignal: 'TERM',
    async check(options) {
      const problem = findProblem(options)
      if (problem !== undefined) return { problem }
      if (!(await hasStaprun())) {
        return { problem: 'staprun is not installed: install it (Debian: apt-get install systemtap-runtime)' }
      }
      return moduleFile === undefined ? checkCompiled() : checkFile(moduleFile, kernel)
    },
    async prepare(signal) {
      if (wanted === undefined || file === undefined || isThere(file)) return undefined
      const { folder, key } = wanted
      try {
        await mkdir(cacheFolder, { recursive: true, mode: 0o700 })
      } catch (error) {
        return {
          problem: `the cache cannot be made (${messageOf(error)}): give another folder (--path.cache)`,
        }
      }
      await forgetOthers(cacheFolder, `${kernel}-`)
      const built = await buildModule(kernel, folder, signal)
      if ('file' in built || signal.aborted) return undefined
      failed = { key, problem: `${built.problem}; then restart the exporter` }
      return built
    },
    async cleanUp() {
      // A staprun that ended well unloads the module in a process of its own, which may still be at it.
      let said = ''
      for (let tries = 0; isLoaded(); tries += 1) {
        if (tries === UNLOAD_TRIES) {
          return /not a zombie/.test(said)
            ? { problem: inUse() }
            : { problem: `the module ${MODULE_NAME} cannot be unloaded: ${firstError(said)}` }
        }
        if (tries > 0) await sleep(UNLOAD_PAUSE_MS)
        const run = await execa('staprun', ['-d', MODULE_NAME], { reject: false, timeout: 10_000, all: true })
        said = `${run.all}`
      }
      return undefined
    },
    command: ({ intervalSeconds, sampleHz }) => ({
      file: 'staprun',
      args: [
        '-b',
        String(BUFFER_MB),
        file ?? MODULE_FILE,
        `interval_ms=${Math.round(intervalSeconds * 1000)}`,
        `sample_hz=${sampleHz}`,
      ],
      env: {},
    }),
    createParser: createSystemtapFrames,
    explainExit: explainLoad,
  }
}

function isLoaded(): boolean {
  return isThere(`/sys/module/${MODULE_NAME}`)
}

/** Whether a module that is given can be used: its name, the kernel it was built for, and the SystemTap that built it. */
async function checkFile(file: string, kernel: string): Promise<Usable | Problem> {
  if (basename(file) !== MODULE_FILE) {
    return { problem: `the module ${file} must be named ${MODULE_FILE}: its name is part of it` }
  }
  let text: string
  try {
    text = await readFile(file, 'latin1')
  } catch (error) {
    return {
      problem: `the module cannot be read (${messageOf(error)}): give the path of one of amdahl_exporter stap build`,
    }
  }
  // As modinfo shows it; and SystemTap's own version, which it logs as the module is loaded, with that of elfutils.
  const builtFor = /vermagic=(\S+) /.exec(text)?.[1]
  const version = /\0(\d+\.\d+)\/\d+\.\d+\0/.exec(text)?.[1]
  if (builtFor === undefined || version === undefined) {
    return { problem: `${file} is no module of ours: give one of amdahl_exporter stap build` }
  }
  if (builtFor === kernel) return { version }
  return {
    problem:
      `the module ${file} was built for kernel ${builtFor}, this one is ${kernel}: build one for it ` +
      `(amdahl_exporter stap build --kernel ${kernel})`,
  }
}

/** A module goes into the kernel: nobody but root may be able to put one there. */
async function describeCacheProblem(folder: string): Promise<string | undefined> {
  const found = await stat(folder).catch(() => undefined)
  if (found === undefined || (found.uid === 0 && (found.mode & 0o022) === 0)) return undefined
  return `the cache ${folder} can be written by another user than root: give another one (--path.cache)`
}

/** Removes what was compiled for the same kernel by an older version. */
async function forgetOthers(folder: string, prefix: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(prefix)) await rm(join(folder, name), { recursive: true, force: true })
  }
}
