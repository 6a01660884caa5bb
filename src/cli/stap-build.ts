import { buildModule } from '../tracer/systemtap/build.js'
import { readStapVersion } from '../tracer/systemtap/kernel.js'
import { SYSTEM_TOOLS } from '../tracer/tools.js'
import type { Terminal } from './terminal.js'

/** `stap build`: compiles the module for a kernel, to be copied to machines that have only systemtap-runtime. */
export async function stapBuild(kernel: string, folder: string, terminal: Terminal): Promise<number> {
  if (!/^[\w.+~-]+$/.test(kernel)) {
    terminal.err(
      `amdahl_exporter: --kernel: expected a release such as 6.12.107-amd64; got ${JSON.stringify(kernel)}\n`,
    )
    return 2
  }
  const version = await readStapVersion(SYSTEM_TOOLS)
  if (version === undefined) {
    terminal.err('amdahl_exporter: stap is not installed: install it (Debian: apt-get install systemtap)\n')
    return 1
  }
  terminal.err(`compiling for kernel ${kernel} with SystemTap ${version}\n`)
  const built = await buildModule(kernel, folder, SYSTEM_TOOLS)
  if ('problem' in built) {
    terminal.err(`amdahl_exporter: ${built.problem}\n`)
    return 1
  }
  terminal.out(`${built.file}\n`)
  return 0
}
