import type { ProcessIdentity } from '../process/identify.js'
import { MAIN_THREAD, type ThreadRole } from '../resources/thread.js'
import { type FoundRuntime, whatWaitsTell } from '../runtimes/recognise.js'
import type { Runtime } from '../runtimes/runtime.js'

/** What the processes of a target run on. */
export interface TargetRuntimes {
  /** Different ones, each once; as many as have a series. */
  readonly runtimes: readonly FoundRuntime[]
  readonly runtime: Runtime
  /** Roles of the threads that are known to be sequential resources, of whatever use. */
  readonly sequentialThreads: readonly ThreadRole[]
}

/** Series of one target: programs have two or three, and a pod a few programs. */
const MAX_RUNTIMES = 16

/** One process of which less is known makes the whole target so: its locks may be the ones that matter. */
export function runtimesOf(identities: readonly Pick<ProcessIdentity, 'runtimes'>[]): TargetRuntimes {
  const all = identities.flatMap(({ runtimes }) => runtimes)
  const found = new Map<string, FoundRuntime>()
  for (const one of all) {
    const key = [one.name, one.version, one.state, one.reason].join(' ')
    if (found.size < MAX_RUNTIMES) found.set(key, one)
  }
  const isEventLoop = ({ runtimes }: Pick<ProcessIdentity, 'runtimes'>) =>
    runtimes.some(({ hasEventLoop }) => hasEventLoop)
  // The role is that of the main threads of all its processes.
  const sequentialThreads = identities.length > 0 && identities.every(isEventLoop) ? [MAIN_THREAD] : []
  return { runtimes: [...found.values()], runtime: whatWaitsTell(all), sequentialThreads }
}
