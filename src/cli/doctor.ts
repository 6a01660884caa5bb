import type { Config } from '../config/config.js'
import { missing, needless, type Privileges } from '../privileges/needs.js'
import type { TracerBackend, Usable } from '../tracer/backend.js'
import { NO_TRACER } from '../tracer/none.js'
import type { Terminal } from './terminal.js'

export interface DoctorOptions {
  readonly config: Config
  readonly backends: readonly TracerBackend[]
  readonly privileges: Privileges
  /** Kernel and architecture. */
  readonly kernel: string
}

/**
 * `doctor`: which back ends can run here, and for each that cannot why and what to do.
 *
 * @returns the exit status: 0 only if a tracer can.
 */
export async function doctor(
  { config, backends, privileges, kernel }: DoctorOptions,
  terminal: Terminal,
): Promise<number> {
  const checks = await Promise.all(
    backends.map(async (backend) => ({ name: backend.name, ...(await backend.check(config.tracer)) })),
  )
  const usable = checks.filter((check) => 'version' in check && check.name !== NO_TRACER)
  const rows = [
    ['kernel', kernel],
    ['privileges', privileges.isRoot ? 'root' : 'an ordinary user: run as root'],
    ...describeCapabilities(privileges),
    ...checks.map((check) => [
      check.name,
      'problem' in check ? `cannot run: ${check.problem}` : canRun(check),
    ]),
  ]
  for (const [name = '', text = ''] of rows) terminal.out(`${name.padEnd(14)}${text}\n`)
  const [first] = usable
  terminal.out(
    first === undefined
      ? '\nNo tracer can run: the exporter would answer from /proc (CPU use of targets and of their threads), without p.\n'
      : `\nWith --tracer.backend=auto, ${first.name} would run.\n`,
  )
  return first === undefined ? 1 : 0
}

/** What is missing and for what, and what could be dropped. */
function describeCapabilities({ capabilities }: Privileges): readonly (readonly [string, string])[] {
  if (capabilities === undefined) return []
  const lacking = missing(capabilities, undefined)
  const surplus = needless(capabilities)
  const held =
    surplus.length > 0
      ? `${surplus.length} more than any part needs: start it with fewer (docs/security.md)`
      : 'no more than needed'
  return [
    ['capabilities', held] as const,
    ...lacking.map(({ capability, purpose }) => ['', `without ${capability}: ${purpose}`] as const),
  ]
}

function canRun({ name, version, preparation }: { name: string } & Usable): string {
  if (name === NO_TRACER) return 'can run: answers from /proc, and sees no locks'
  return `can run: version ${version}${preparation === undefined ? '' : `, after ${preparation}`}`
}
