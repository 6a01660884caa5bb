import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Name of the kernel module; staprun takes it from the name of the file, so that one is fixed too. */
export const MODULE_NAME = 'amdahl_futex'
export const MODULE_FILE = `${MODULE_NAME}.ko`

/** Ticks per second and CPU that the script draws its samples from. Hz. */
export const MAX_SAMPLE_HZ = 397

const FOLDER = new URL('../../../stap/', import.meta.url)
export const SCRIPT = fileURLToPath(new URL('futex.stp', FOLDER))
/** Makes older SystemTaps fit newer kernels; see its head. */
export const TASK_WORK_HEADER = fileURLToPath(new URL('task-work.h', FOLDER))

/** The options in the head of the script, each line of which gives their reason. */
const OPTIONS = /^ \* {3}((?:-D\S+ ?)+)/gm

/** What stap has to be told to compile the script, apart from the kernel and the name of the module. */
export function readScriptOptions(): readonly string[] {
  return [...readFileSync(SCRIPT, 'utf8').matchAll(OPTIONS)].flatMap(([, options = '']) =>
    options.trim().split(' '),
  )
}
