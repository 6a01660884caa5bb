import { execa } from 'execa'
import type { ProgramBackend, TracerCommand } from './backend.js'

/**
 * Lets the kernel end the tracer when the exporter dies, even by SIGKILL, which no handler sees. Without setpriv
 * (util-linux) the tracer ends by SIGPIPE at its next frame.
 */
export async function withParentDeathSignal(
  command: TracerCommand,
  signal: ProgramBackend['deathSignal'],
): Promise<TracerCommand> {
  const wrapper = ['--pdeathsig', signal]
  const probe = await execa('setpriv', [...wrapper, 'true'], { reject: false, timeout: 5000 })
  if (probe.failed) return command
  return { ...command, file: 'setpriv', args: [...wrapper, command.file, ...command.args] }
}
