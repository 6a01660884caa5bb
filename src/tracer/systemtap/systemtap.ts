import { writeFileSync } from 'node:fs'
import { createSystemtapFrames } from '../../parse/systemtap-frames.js'
import type { ToldLock } from '../../parse/trace-interval.js'
import { describeMissing, type Privileges } from '../../privileges/needs.js'
import type { ProgramBackend, TracerOptions } from '../backend.js'
import { SYSTEM_TOOLS, type Tools } from '../tools.js'
import { createCompiledModule } from './compiled-module.js'
import { explainLoad } from './explain.js'
import { createGivenModule } from './given-module.js'
import { describeModuleProblem, runningRelease } from './kernel.js'
import { unloadModule } from './loaded-module.js'
import { MAX_SAMPLE_HZ, MODULE_NAME } from './script.js'

export interface SystemtapSettings {
  /** A module that `amdahl_exporter stap build` made; undefined: compile one here. */
  readonly moduleFile: string | undefined
  /** Where compiled modules are kept. */
  readonly cacheFolder: string
}

/**
 * Buffer between the module and staprun: a frame with full tables is 1 MB, and the exporter may be late. Megabytes.
 */
const BUFFER_MB = 4

/**
 * The SystemTap back end: compiles stap/futex.stp into a kernel module, once for each kernel, and loads it.
 */
export function createSystemtapBackend(
  { moduleFile, cacheFolder }: SystemtapSettings,
  privileges: Privileges,
  tools = SYSTEM_TOOLS,
): ProgramBackend {
  const module =
    moduleFile === undefined
      ? createCompiledModule(cacheFolder, runningRelease(), tools)
      : createGivenModule(moduleFile, runningRelease())
  return {
    name: 'systemtap',
    // staprun then unloads the module; killed, it could not.
    deathSignal: 'TERM',
    async check(options) {
      const problem = findProblem(options, privileges, tools)
      return problem === undefined ? module.check() : { problem }
    },
    prepare: module.prepare,
    cleanUp: () => unloadModule(tools),
    command: ({ intervalSeconds, sampleHz }) => ({
      file: tools.find('staprun') ?? 'staprun',
      args: [
        '-b',
        String(BUFFER_MB),
        module.file(),
        `interval_ms=${Math.round(intervalSeconds * 1000)}`,
        `sample_hz=${sampleHz}`,
      ],
      env: {},
    }),
    tell: tellByFile,
    createParser: createSystemtapFrames,
    explainExit: explainLoad,
  }
}

/** Where the module reads what it is told. */
const TELL_FILE = `/proc/systemtap/${MODULE_NAME}/lock`

/** As the script has them: of a GVL the place of the native thread. */
const KINDS = { gil: -1, 'go-mutex': -2 } as const

function tellByFile(lock: ToldLock): boolean {
  const [threadAt, kind] =
    lock.kind === 'go-mutex'
      ? [0, KINDS[lock.kind]]
      : [lock.threadIdOffset, lock.kind === 'gil' ? KINDS.gil : lock.nativeThreadOffset]
  try {
    writeFileSync(TELL_FILE, `${lock.pid} ${lock.address} ${threadAt} ${kind}`)
    return true
  } catch {
    return false // a module that was built from an older script, or that has just ended
  }
}

/** What stands in the way, whichever module it is; else undefined. The most fundamental reason comes first. */
function findProblem(
  { sampleHz }: TracerOptions,
  { isRoot, capabilities }: Privileges,
  { find }: Tools,
): string | undefined {
  const moduleProblem = describeModuleProblem()
  if (moduleProblem !== undefined) return moduleProblem
  if (!isRoot) return 'SystemTap needs root to load its module: run the exporter as root'
  const missing = describeMissing(capabilities, 'systemtap')
  if (missing !== undefined) return missing
  if (sampleHz > MAX_SAMPLE_HZ) {
    return `SystemTap samples at most ${MAX_SAMPLE_HZ} times a second: set --tracer.sample-hz=${MAX_SAMPLE_HZ} or less`
  }
  return find('staprun')
    ? undefined
    : 'staprun is not installed: install it (Debian: apt-get install systemtap-runtime)'
}
