import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { messageOf } from '../../log/message-of.js'
import type { Problem, Usable } from '../backend.js'
import type { KernelModule } from './kernel-module.js'
import { MODULE_FILE } from './script.js'

/**
 * A module that `amdahl_exporter stap build` made, perhaps on another machine.
 *
 * @param kernel Release of the running kernel.
 */
export function createGivenModule(file: string, kernel: string): KernelModule {
  return {
    check: () => check(file, kernel),
    prepare: async () => undefined,
    file: () => file,
  }
}

/** Whether a module that is given can be used: its name, the kernel it was built for, and the SystemTap that built it. */
async function check(file: string, kernel: string): Promise<Usable | Problem> {
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
