import { type JoinedInterval, joinInterval } from '../join/interval.js'
import type { TraceInterval } from '../parse/trace-interval.js'
import type { Host } from '../process/host.js'
import type { CpuSampler } from '../sample/cpu-sampler.js'
import type { ProcessLister } from '../sample/process-lister.js'
import type { ThreadWatch } from '../sample/thread-watch.js'
import type { LockNames } from '../symbolize/lock-names.js'
import type { Recorded, TargetRegistry } from '../targets/registry.js'
import { within } from './within.js'

export interface PipelineParts {
  readonly sampler: CpuSampler
  readonly threads: ThreadWatch
  /** Finds processes where no tracer tells of them. */
  readonly lister: ProcessLister
  readonly host: Pick<Host, 'sample' | 'meet' | 'prepare'>
  readonly lockNames: Pick<LockNames, 'offer' | 'prepare'>
  readonly registry: Pick<TargetRegistry, 'concerned' | 'record' | 'interrupt'>
  /** CLOCK_MONOTONIC. Nanoseconds. */
  readonly monotonicNs: () => bigint
  /** After the epoch. Seconds. */
  readonly nowSeconds: () => number
  /** Processes that are no targets: the exporter's own and the tracer's. */
  readonly ownPids: () => readonly (number | undefined)[]
}

/** The one way of what is measured: from the tracer and /proc to the targets. */
export interface Pipeline {
  /** Reads CPU times; more often than an interval is long. */
  sample(): void
  /** Takes an interval, after those before it. @returns the deploys and restarts that it showed. */
  take(interval: TraceInterval): Promise<Recorded['events']>
  /** What comes next does not continue what came before. */
  interrupt(): void
  /** Resolves when all that was taken is recorded. */
  settled(): Promise<void>
  /** Processes of the last interval whose CPU time is not read: there are too many. Count. */
  processesCut(): number
}

/** An interval waits so long for processes that are new to be looked at: they are in the next one else. Milliseconds. */
const LOOK_MS = 250

export function createPipeline(parts: PipelineParts): Pipeline {
  const { sampler, threads, lister, host, lockNames, registry, monotonicNs, nowSeconds, ownPids } = parts
  let isTraced = true
  let processesCut = 0
  let last: Promise<unknown> = Promise.resolve()
  /** Command names of programs whose new processes are looked at early. */
  let lookFor: ReadonlySet<string> = new Set()

  function sample(): void {
    sampler.sample()
    threads.sample()
    host.sample()
    for (const { pid } of host.meet(lookFor)) lockNames.prepare(pid)
  }

  /** Reads the CPU time of more processes, as many as there is room for. */
  function watch(pids: readonly number[]): void {
    processesCut = pids.filter((pid) => !sampler.watch(pid, !isTraced)).length
  }

  const isRead = (pid: number) => sampler.readings.processes.has(pid)

  function record(joined: JoinedInterval): Recorded['events'] {
    const recorded = registry.record(joined, nowSeconds())
    lookFor = recorded.lookFor
    if (isTraced) watch(recorded.watch)
    threads.choose(joined, isRead)
    return recorded.events
  }

  return {
    sample() {
      if (isTraced) sample()
      else {
        // Without a tracer the borders are those of the readings: there is nothing to be had in between.
        sampler.sample('machine')
        host.sample()
      }
    },
    take(interval) {
      // With a tracer fewer processes are read, and more often.
      if (isTraced === (interval.isUntraced ?? false)) sampler.forgetProcesses()
      isTraced = !interval.isUntraced
      // The interval's end lies before this reading, so that the CPU time there is known.
      sample()
      lockNames.offer(interval.stacks, monotonicNs())
      const own = new Set(ownPids())
      const joined = joinInterval(interval, sampler.readings, { threads: threads.readings, own })
      if (!isTraced) watch(lister.find((pid) => own.has(pid) || isRead(pid)))
      const prepared = within(LOOK_MS, host.prepare(registry.concerned(joined.processes)))
      const recorded = Promise.all([last, prepared]).then(() => record(joined))
      last = recorded
      return recorded
    },
    interrupt() {
      last = last.then(registry.interrupt)
    },
    async settled() {
      await last
    },
    processesCut: () => processesCut,
  }
}
