import { type ForeignProcess, openForeignProcess } from '../foreign/foreign-process.js'
import type { OpenFile } from '../foreign/open-file.js'
import type { ReaderPlaces } from '../foreign/reader-process.js'
import type { Refusals } from '../foreign/refusal.js'
import type { ProgramMarks } from '../runtimes/runtime.js'
import { isRuntimeFile } from '../runtimes/runtime-table.js'
import { type ContainerFacts, readContainerFacts } from './container.js'
import { type ProgramName, readArguments, readProgramName } from './program-name.js'
import type { Executable } from './release.js'
import { readUnitLabel } from './unit-labels.js'

/** What a reader is asked of a process, or of what holds it. */
export type LookRequest =
  | {
      readonly kind: 'process'
      readonly pid: number
      readonly containerId: string | undefined
      /** As lineageOf has it. */
      readonly lineage: readonly number[]
    }
  | { readonly kind: 'environment'; readonly pid: number; readonly name: string }
  | { readonly kind: 'first-line'; readonly pid: number; readonly path: string }
  | { readonly kind: 'unit-label'; readonly unit: string; readonly key: string }

/** What a process and its files say of it. */
export interface ProcessLook {
  /** Undefined where it may not be known. */
  readonly program: ProgramName | undefined
  /** The file that it runs, also when its path has another by now. */
  readonly executable: Executable | undefined
  /** What its program says of what it was made with. */
  readonly marks: ProgramMarks
  /** Mapped files that tell of a runtime; undefined where not all could be read. */
  readonly runtimeFiles: readonly string[] | undefined
  /** Arguments, separated by spaces. */
  readonly commandLine: string | undefined
  readonly container: ContainerFacts | undefined
}

export interface ProcessLooks {
  /** Undefined where the process is gone, or there is nothing to be read. */
  answer(request: LookRequest): ProcessLook | string | undefined
}

/** Reads what an ELF file says of itself, and closes it. */
export type ReadElfFacts = (file: OpenFile | undefined) => {
  readonly buildId: string | undefined
  readonly marks: ProgramMarks
}

/** Command line, which patterns are looked for in, and environment of a process. */
const MAX_TEXT_BYTES = 64 * 1024
const MAX_LINE_BYTES = 4096
/** Text of /proc/PID/maps: a program with 250 000 mappings has as much. It is gone through, and not kept. */
const MAX_MAPS_BYTES = 32 * 1024 * 1024
/** Different files that tell of runtimes; programs have a few. */
const MAX_RUNTIME_FILES = 64

/** Looks at processes; only for a process of its own: see ForeignProcess. */
export function createProcessLooks(
  { procfs, rootfs }: ReaderPlaces,
  refusals: Refusals,
  readElfFacts: ReadElfFacts,
): ProcessLooks {
  function inProcess<T>(pid: number, read: (process: ForeignProcess) => T): T | undefined {
    const process = openForeignProcess(procfs, pid, refusals)
    try {
      return process && read(process)
    } finally {
      process?.close()
    }
  }

  /** Arguments of processes that run the same executable; another process may have got the number of one. */
  function* argumentsOf(pids: readonly number[], exe: string | undefined) {
    for (const pid of pids) {
      const argv = inProcess(pid, (one) => (one.exe === exe ? readArguments(one) : undefined))
      if (argv) yield argv
    }
  }

  function look(
    process: ForeignProcess,
    { containerId, lineage }: Extract<LookRequest, { kind: 'process' }>,
  ): ProcessLook {
    const stats = process.statProgram()
    const { buildId, marks } = readElfFacts(process.openProgram())
    return {
      program: readProgramName(process, argumentsOf(lineage, process.exe)),
      executable: stats && {
        inode: stats.ino,
        sizeBytes: stats.size,
        mtimeSeconds: stats.mtimeMs / 1000,
        buildId,
      },
      marks,
      runtimeFiles: readRuntimeFiles(process),
      commandLine: process.readHead('cmdline', MAX_TEXT_BYTES)?.replace(/\0+$/, '').replaceAll('\0', ' '),
      container: containerId === undefined ? undefined : readContainerFacts(rootfs, containerId, refusals),
    }
  }

  return {
    answer(request) {
      switch (request.kind) {
        case 'process':
          return inProcess(request.pid, (process) => look(process, request))
        case 'environment':
          return inProcess(request.pid, (process) => {
            return variableOf(process.readHead('environ', MAX_TEXT_BYTES), request.name)
          })
        case 'first-line':
          return inProcess(request.pid, (process) => firstLineOf(process.open(request.path)))
        case 'unit-label':
          return readUnitLabel(rootfs, request.unit, request.key, refusals)
      }
    },
  }
}

function readRuntimeFiles(process: ForeignProcess): readonly string[] | undefined {
  const files = new Set<string>()
  let last = ''
  const isWhole = process.readLines('maps', MAX_MAPS_BYTES, (line) => {
    const path = line.slice(line.indexOf('/'))
    if (path === last || !path.startsWith('/')) return true
    last = path
    if (isRuntimeFile(path)) files.add(path)
    return files.size <= MAX_RUNTIME_FILES
  })
  return isWhole ? [...files] : undefined
}

function firstLineOf(file: OpenFile | undefined): string | undefined {
  if (!file) return undefined
  try {
    return Buffer.from(file.read(0, MAX_LINE_BYTES)).toString('utf8').split('\n')[0]?.trim()
  } finally {
    file.close()
  }
}

function variableOf(environment: string | undefined, name: string): string | undefined {
  const prefix = `${name}=`
  return environment
    ?.split('\0')
    .find((variable) => variable.startsWith(prefix))
    ?.slice(prefix.length)
}
