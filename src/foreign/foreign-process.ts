import { closeSync, constants, openSync, readlinkSync, type Stats, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Mapping } from '../parse/proc-maps.js'
import { parseProcPidStat } from '../parse/proc-pid-stat.js'
import { type Credentials, readCredentials } from './credentials.js'
import { readMappings } from './mappings.js'
import { openBeneath } from './open-beneath.js'
import { O_PATH, type OpenFile, openAt } from './open-file.js'
import { readHead, readLines } from './proc-text.js'
import { createProcessMemory, type ProcessMemory } from './process-memory.js'
import type { Refusals } from './refusal.js'

/**
 * Another process, and the files that it chooses: never more than it may read itself. Any of the reads may wait for ever,
 * for a file system that does not answer; so it is used in a process of its own only.
 */
export interface ForeignProcess {
  /** Path of its program. */
  readonly exe: string | undefined
  /** State of the file of its program, which it need not be able to read. */
  statProgram(): Stats | undefined
  openProgram(): OpenFile | undefined
  /** A file that is mapped at this range. */
  openMapped(mapping: Mapping): OpenFile | undefined
  /** A file as the process would open it by its path. */
  open(path: string): OpenFile | undefined
  /** A file of another file tree, such as the machine's, if the process could read it there. */
  openIn(root: string, path: string): OpenFile | undefined
  /** In the order of their addresses; undefined where they are more than is read. */
  mappings(): readonly Mapping[] | undefined
  /** Takes the lines of a file of /proc/PID, such as maps. @returns whether all were read. */
  readLines(name: string, maxBytes: number, take: (line: string) => boolean): boolean
  /** First bytes of a file of /proc/PID, such as cmdline: what the program has made of its own memory. */
  readHead(name: string, bytes: number): string | undefined
  /**
   * Looks into its memory. That stops nothing and writes nothing.
   *
   * @param look Must keep nothing of the memory but what it is for: see docs/security.md.
   * @returns What `look` returned; `refused` where the memory may not be read or has more mappings than are looked at;
   *   undefined where the process ended, or began to run another program, before the end of the look.
   */
  lookIntoMemory<T>(look: (memory: ProcessMemory) => T): { readonly value: T } | 'refused' | undefined
  close(): void
}

/** @returns Undefined where there is no such process, or nothing may be known of it. */
export function openForeignProcess(
  procfs: string,
  pid: number,
  refusals: Refusals,
): ForeignProcess | undefined {
  let named: number | undefined
  try {
    // The folder is that of the process, also when another one gets its number.
    named = openSync(join(procfs, String(pid)), O_PATH | constants.O_DIRECTORY)
    const credentials = readCredentials(procfs, folderOf(named))
    if (credentials) return createForeignProcess(named, `/proc/${pid}`, credentials, refusals)
  } catch (error) {
    refusals.addProcError(error, `/proc/${pid}`)
  }
  if (named !== undefined) closeSync(named)
  return undefined
}

function createForeignProcess(
  named: number,
  name: string,
  credentials: Credentials,
  refusals: Refusals,
): ForeignProcess {
  const folder = folderOf(named)
  const root = join(folder, 'root')
  let isOpen = true

  function orRefuse<T>(path: string, read: () => T): T | undefined {
    try {
      return isOpen ? read() : undefined
    } catch (error) {
      refusals.addProcError(error, path)
      return undefined
    }
  }

  const readExe = () => orRefuse(`${name}/exe`, () => readlinkSync(join(folder, 'exe')))
  const exe = readExe()
  const open = (path: string) => openBeneath(root, path, credentials, refusals)

  const readText = (file: string, bytes: number) =>
    orRefuse(`${name}/${file}`, () => readHead(join(folder, file), bytes))
  const readMaps = () =>
    orRefuse(`${name}/maps`, () => readMappings(join(folder, 'maps'), `${name}/maps`, refusals))

  /** The same as long as it runs the same program; undefined where it has ended, or runs another one than `exe`. */
  function programNow(): string | undefined {
    const stat = parseProcPidStat(readText('stat', MAX_STAT_BYTES) ?? '')
    const isGone = 'kind' in stat || stat.hasEnded || readExe() !== exe
    return isGone ? undefined : `${stat.startSeconds} ${stat.layout}`
  }

  function openMemory(): number | 'refused' | undefined {
    try {
      return openSync(join(folder, 'mem'), constants.O_RDONLY)
    } catch (error) {
      refusals.addError(error, `${name}/mem`)
      return DENIED.has((error as NodeJS.ErrnoException).code ?? '') ? 'refused' : undefined
    }
  }

  return {
    exe,
    statProgram: () => orRefuse(exe ?? '', () => statSync(join(folder, 'exe'))),
    openProgram: () =>
      exe === undefined ? undefined : openAt(join(folder, 'exe'), exe, credentials, refusals),
    openMapped({ begin, end, path }) {
      const link = join(folder, 'map_files', `${begin.toString(16)}-${end.toString(16)}`)
      if (isNamed(link)) return openAt(link, path, credentials, refusals)
      // The path of a deleted file may lead to its successor by now, whose addresses are others.
      return path.endsWith(' (deleted)') ? undefined : open(path)
    },
    open,
    openIn: (other, path) => openBeneath(other, path, credentials, refusals),
    mappings: readMaps,
    readLines(file, maxBytes, take) {
      const isWhole = orRefuse(`${name}/${file}`, () => readLines(join(folder, file), maxBytes, take))
      if (isWhole === false) refusals.add('too-large', `${name}/${file}`)
      return isWhole ?? false
    },
    readHead: readText,
    lookIntoMemory(look) {
      const before = isOpen ? programNow() : undefined
      if (before === undefined) return undefined
      // It stays that of one program: after the end or an exec nothing is read (fs/proc/base.c, mem_rw).
      const memory = openMemory()
      if (typeof memory !== 'number') return memory
      try {
        const mappings = readMaps()
        const found = mappings ? { value: look(createProcessMemory(memory, mappings)) } : 'refused'
        return programNow() === before ? found : undefined
      } finally {
        closeSync(memory)
      }
    },
    close() {
      if (isOpen) closeSync(named)
      isOpen = false
    },
  }
}

/** Numbers, and a command name. */
const MAX_STAT_BYTES = 4096
const DENIED: ReadonlySet<string> = new Set(['EACCES', 'EPERM'])

function folderOf(named: number): string {
  return `/proc/self/fd/${named}`
}

/** Whether the link of a mapping can be used: it needs CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE (proc_pid_map_files(5)). */
function isNamed(link: string): boolean {
  try {
    closeSync(openSync(link, O_PATH))
    return true
  } catch {
    return false
  }
}
