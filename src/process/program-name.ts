import { posix } from 'node:path'
import type { ForeignProcess } from '../foreign/foreign-process.js'
import { whatRuns } from '../interpreters/what-runs.js'
import { withoutDeleted } from '../parse/proc-maps.js'
import { executableName } from './executable-name.js'

/** What a program is called after that is in no unit and no container. */
export interface ProgramName {
  readonly namedBy: 'script' | 'command'
  readonly text: string
}

/** A class path, which stands before the class, may be as long as one argument can be: MAX_ARG_STRLEN has 128 KiB. */
const MAX_ARGUMENTS_BYTES = 256 * 1024
/** A longer command name is cut by the kernel: TASK_COMM_LEN, without the zero at its end. Bytes. */
const MAX_COMM_BYTES = 15

/**
 * What an interpreter runs, else the file that the process runs. A process chooses its arguments and its command name
 * as it likes: the first count only for an interpreter, the second only as another name of the same file.
 *
 * @param lineage The arguments that tell what an interpreter runs, those first that count most: see lineageOf.
 * @returns Undefined where the executable may not be known.
 */
export function readProgramName(
  process: ForeignProcess,
  lineage: Iterable<readonly string[]>,
): ProgramName | undefined {
  if (process.exe === undefined) return undefined
  const name = executableName(process.exe)
  for (const argv of lineage) {
    const found = whatRuns(name, argv)
    if (found) return { namedBy: 'script', text: `${found.interpreter}: ${found.text}` }
  }
  return { namedBy: 'command', text: readAlias(process, process.exe) ?? name }
}

/** Arguments of a process; the last one is left out where they are more than is read. */
export function readArguments(process: ForeignProcess): readonly string[] | undefined {
  const text = process.readHead('cmdline', MAX_ARGUMENTS_BYTES)
  if (text === undefined) return undefined
  const argv = text.replace(/\0+$/, '').split('\0')
  return Buffer.byteLength(text) < MAX_ARGUMENTS_BYTES ? argv : argv.slice(0, -1)
}

/** Another name of the same file in its folder, by which it was called: redis-server is a link to redis-check-rdb. */
function readAlias(process: ForeignProcess, exe: string): string | undefined {
  const path = withoutDeleted(exe)
  const comm = process.readHead('comm', MAX_COMM_BYTES)?.replace(/\n$/, '')
  if (!comm || comm.includes('/') || isCommOf(posix.basename(path), comm)) return undefined
  const program = process.openProgram()
  const alias = program && process.open(posix.join(posix.dirname(path), comm))
  const isSame = alias !== undefined && alias.identity === program?.identity
  program?.close()
  alias?.close()
  return isSame ? comm : undefined
}

function isCommOf(name: string, comm: string): boolean {
  return name === comm || (Buffer.byteLength(comm) >= MAX_COMM_BYTES && name.startsWith(comm))
}
