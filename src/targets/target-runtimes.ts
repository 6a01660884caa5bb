import type { ProcessIdentity } from '../process/identify.js'
import { type FoundRuntime, refuseOwnerless, whatWaitsTell } from '../runtimes/recognise.js'
import type { Runtime } from '../runtimes/runtime.js'

/** What the processes of a target run on. */
export interface TargetRuntimes {
  /** Different ones, each once; as many as have a series. */
  readonly runtimes: readonly FoundRuntime[]
  readonly runtime: Runtime
}

/** Series of one target: programs have two or three, and a pod a few programs. */
const MAX_RUNTIMES = 16

/**
 * One process of which less is known makes the whole target so: its locks may be the ones that matter.
 *
 * @param isGlibcOnly Whether the tracer knows no locks but those of glibc.
 */
export function runtimesOf(
  identities: readonly Pick<ProcessIdentity, 'runtimes'>[],
  isGlibcOnly = false,
): TargetRuntimes {
  const recognised = identities.flatMap(({ runtimes }) => runtimes)
  const all = isGlibcOnly ? refuseOwnerless(recognised) : recognised
  const found = new Map<string, FoundRuntime>()
  for (const one of all) {
    const key = [one.name, one.version, one.state, one.reason].join(' ')
    if (found.size < MAX_RUNTIMES) found.set(key, one)
  }
  return { runtimes: [...found.values()], runtime: whatWaitsTell(all) }
}
