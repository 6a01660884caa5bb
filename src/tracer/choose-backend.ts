import {
  isStandIn,
  type ProgramBackend,
  type StandInBackend,
  type TracerBackend,
  type TracerOptions,
  type Usable,
} from './backend.js'

/** A tracer that can run here. */
export interface Candidate extends Usable {
  readonly backend: ProgramBackend
}

/** What runs where no tracer can. */
export interface StandIn {
  readonly backend: StandInBackend
  /** Why no tracer runs, with the remedy, in one line; undefined: none is wanted. */
  readonly reason: string | undefined
}

export interface Choice {
  /** Runs that ended before they gave an interval, one after the other: each makes room for the next. */
  readonly failures: number
  /** Why the last of them ended. */
  readonly reason: string | undefined
}

/** A tracer that has failed so often before its first interval will not do better for another try at once. */
const MAX_FAILURES_EACH = 3

/**
 * Asks the tracers whether they can run here.
 *
 * @returns The one to run; else what stands in for them; else the reason, with the remedy.
 */
export async function chooseBackend(
  backends: readonly TracerBackend[],
  options: TracerOptions,
  { failures, reason }: Choice,
): Promise<Candidate | StandIn | { readonly problem: string }> {
  const tracers = backends.filter((backend): backend is ProgramBackend => !isStandIn(backend))
  const checks = await Promise.all(
    tracers.map(async (backend) => ({ backend, ...(await backend.check(options)) })),
  )
  const usable = checks.filter((check) => 'version' in check)
  const standIn = backends.find(isStandIn)
  const hasFailed = standIn !== undefined && failures >= MAX_FAILURES_EACH * usable.length
  const next = usable[failures % usable.length]
  if (next && !hasFailed) return next
  const problem = next ? reason : describeProblems(checks.filter((check) => 'problem' in check))
  return standIn ? { backend: standIn, reason: problem } : { problem: problem ?? '' }
}

function describeProblems(
  problems: readonly { backend: TracerBackend; problem: string }[],
): string | undefined {
  return problems.length <= 1
    ? problems[0]?.problem
    : problems.map(({ backend, problem }) => `${backend.name}: ${problem}`).join('; ')
}
