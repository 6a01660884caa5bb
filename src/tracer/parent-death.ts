import { execa } from 'execa'
import type { ProgramBackend, TracerCommand } from './backend.js'
import { SYSTEM_TOOLS } from './tools.js'

/**
 * Lets the kernel end the tracer when the exporter dies, even by SIGKILL, which no handler sees. Without setpriv
 * (util-linux) the tracer ends by SIGPIPE at its next frame.
 */
export async function withParentDeathSignal(
  command: TracerCommand,
  signal: ProgramBackend['deathSignal'],
  tools = SYSTEM_TOOLS,
): Promise<TracerCommand> {
  const wrapper = ['--pdeathsig', signal]
  const file = tools.find('setpriv')
  if (file === undefined) return command
  const probe = await execa(file, [...wrapper, 'true'], {
    env: tools.environment,
    extendEnv: false,
    reject: false,
    timeout: 5000,
  })
  if (probe.failed) return command
  return { ...command, file, args: [...wrapper, command.file, ...command.args] }
}
