import type { Config } from '../config/config.js'
import type { TracerBackend, Usable } from '../tracer/backend.js'
import { NO_TRACER } from '../tracer/none.js'
import type { Terminal } from './terminal.js'

export interface DoctorOptions {
  readonly config: Config
  readonly backends: readonly TracerBackend[]
  readonly isRoot: boolean
  /** Kernel and architecture. */
  readonly kernel: string
}

/**
 * `doctor`: which back ends can run here, and for each that cannot why and what to do.
 *
 * @returns the exit status: 0 only if a tracer can.
 */
export async function doctor(
  { config, backends, isRoot, kernel }: DoctorOptions,
  terminal: Terminal,
): Promise<number> {
  const checks = await Promise.all(
    backends.map(async (backend) => ({ name: backend.name, ...(await backend.check(config.tracer)) })),
  )
  const usable = checks.filter((check) => 'version' in check && check.name !== NO_TRACER)
  const rows = [
    ['kernel', kernel],
    ['privileges', isRoot ? 'root' : 'an ordinary user: run as root'],
    ...checks.map((check) => [
      check.name,
      'problem' in check ? `cannot run: ${check.problem}` : canRun(check),
    ]),
  ]
  for (const [name = '', text = ''] of rows) terminal.out(`${name.padEnd(12)}${text}\n`)
  const [first] = usable
  terminal.out(
    first === undefined
      ? '\nNo tracer can run: the exporter would answer from /proc (CPU use of targets and of their threads), without p.\n'
      : `\nWith --tracer.backend=auto, ${first.name} would run.\n`,
  )
  return first === undefined ? 1 : 0
}

function canRun({ name, version, preparation }: { name: string } & Usable): string {
  if (name === NO_TRACER) return 'can run: answers from /proc, and sees no locks'
  return `can run: version ${version}${preparation === undefined ? '' : `, after ${preparation}`}`
}
