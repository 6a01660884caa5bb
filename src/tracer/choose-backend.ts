import type { TracerBackend, TracerOptions, Usable } from './backend.js'

/** A back end that can run here. */
export interface Candidate extends Usable {
  readonly backend: TracerBackend
}

/**
 * Asks the back ends whether they can run here.
 *
 * @param failures Runs that ended before they gave an interval, one after the other: each makes room for the next.
 * @returns The one to run; the reason, with the remedy, where none can.
 */
export async function chooseBackend(
  backends: readonly TracerBackend[],
  options: TracerOptions,
  failures: number,
): Promise<Candidate | { readonly problem: string }> {
  const checks = await Promise.all(
    backends.map(async (backend) => ({ backend, ...(await backend.check(options)) })),
  )
  const usable = checks.filter((check) => 'version' in check)
  return (
    usable[failures % usable.length] ?? {
      problem: describeProblems(checks.filter((check) => 'problem' in check)),
    }
  )
}

function describeProblems(problems: readonly { backend: TracerBackend; problem: string }[]): string {
  return problems.length === 1
    ? (problems[0]?.problem ?? '')
    : problems.map(({ backend, problem }) => `${backend.name}: ${problem}`).join('; ')
}
