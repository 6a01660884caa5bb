import { createUnitDraw } from './distribution.js'
import { createEventQueue } from './event-queue.js'
import { createJobQueue, NONE } from './job-queue.js'
import { createRandom } from './random.js'
import { createRecorder, type RunTotals, type SimulatedInterval } from './recorder.js'
import { checkScenario, MAX_JOBS, type Scenario } from './scenario.js'

export interface SimulatedRun extends RunTotals {
  /** Events that were simulated, the warm-up and the samples included. Count. */
  readonly events: number
}

/** A piece of a job: work inside a lock, or in parallel. */
interface Piece {
  readonly lock: number
  readonly meanSeconds: number
}

/** Shares below this are what rounding leaves of 1. */
const LEAST_SHARE = 1e-12

/** What rounding may add to the last border. */
const ROUNDING_SECONDS = 1e-9

/**
 * Simulates a scenario event by event.
 *
 * A job takes each lock in turn, first come first served, and burns its serial part while it holds the lock and, as all
 * parts do, a CPU; after each lock comes an equal piece of its parallel part. After each piece it goes to the end of
 * the queue for the CPUs. The lengths of the pieces are drawn independently.
 *
 * @param observe Is given each whole interval after the warm-up, in order.
 * @throws {RangeError} A value of the scenario outside its domain, or an open load that cannot be served: more than
 *   MAX_JOBS jobs are in the system.
 */
export function simulate(
  scenario: Scenario,
  observe: (interval: SimulatedInterval) => void = () => {},
): SimulatedRun {
  checkScenario(scenario)
  const { cpus, load, lockShares, scheduling, lockNeedsCpu, durationSeconds, warmUpSeconds } = scenario
  const sliceSeconds = scheduling.kind === 'fifo' ? Number.POSITIVE_INFINITY : scheduling.sliceSeconds
  const pieces = piecesOf(scenario)
  const unitDemand = createUnitDraw(scenario.demandDistribution, createRandom(scenario.seed, 1))
  const thinkRandom = createRandom(scenario.seed, 2)
  const unitThink = createUnitDraw(
    load.kind === 'closed' ? load.thinkDistribution : { kind: 'exponential' },
    thinkRandom,
  )

  // By job.
  const capacity = load.kind === 'closed' ? load.clients : MAX_JOBS
  const pieceOf = new Int32Array(capacity).fill(NONE)
  const leftSeconds = new Float64Array(capacity)
  const startedAt = new Float64Array(capacity)
  const submittedAt = new Float64Array(capacity)
  const waitsSince = new Float64Array(capacity)
  const next = new Int32Array(capacity)
  const unused = createJobQueue(next)
  const ready = createJobQueue(next)
  const waiting = lockShares.map(() => createJobQueue(next))
  let known = load.kind === 'closed' ? capacity : 0

  const cpuSeconds = new Float64Array(cpus)
  const idle = Array.from({ length: cpus }, (_, index) => cpus - 1 - index)
  const state = {
    runs: new Int32Array(cpus).fill(NONE),
    cpuOf: new Int32Array(capacity).fill(NONE),
    holder: new Int32Array(lockShares.length).fill(NONE),
    waiters: new Int32Array(lockShares.length),
    served: 0,
    ready: 0,
  }
  const { runs, cpuOf, holder, waiters } = state
  const recorder = createRecorder(state, lockShares.indexOf(Math.max(...lockShares)), lockNeedsCpu)
  const queue = createEventQueue()
  let now = 0

  function run(job: number, cpu: number): void {
    runs[cpu] = job
    cpuOf[job] = cpu
    startedAt[job] = now
    queue.push(now + Math.min(leftSeconds[job] as number, sliceSeconds), job)
  }

  function needCpu(job: number): void {
    const cpu = idle.pop()
    if (cpu === undefined) {
      ready.push(job)
      state.ready += 1
    } else {
      state.served += 1
      run(job, cpu)
    }
  }

  /** The CPU of a job goes to what waits for one. */
  function leaveCpu(job: number): void {
    const cpu = cpuOf[job] as number
    cpuSeconds[cpu] = (cpuSeconds[cpu] as number) + now - (startedAt[job] as number)
    cpuOf[job] = NONE
    runs[cpu] = NONE
    const first = ready.shift()
    if (first === NONE) {
      idle.push(cpu)
      state.served -= 1
    } else {
      state.ready -= 1
      run(first, cpu)
    }
  }

  function submit(job: number): void {
    submittedAt[job] = now
    startPiece(job, 0)
  }

  function startPiece(job: number, index: number): void {
    const { lock, meanSeconds } = pieces[index] as Piece
    pieceOf[job] = index
    leftSeconds[job] = meanSeconds * unitDemand()
    if (lock === NONE) needCpu(job)
    else if (holder[lock] === NONE) hold(job, lock)
    else {
      waitsSince[job] = now
      waiting[lock]?.push(job)
      waiters[lock] = (waiters[lock] as number) + 1
      recorder.contend(lock)
    }
  }

  function hold(job: number, lock: number): void {
    holder[lock] = job
    if (lockNeedsCpu) needCpu(job)
    else {
      state.served += 1
      queue.push(now + (leftSeconds[job] as number), job)
    }
  }

  function release(lock: number): void {
    holder[lock] = NONE
    const first = waiting[lock]?.shift() ?? NONE
    if (first === NONE) return
    waiters[lock] = (waiters[lock] as number) - 1
    recorder.endWait(lock, now - (waitsSince[first] as number))
    hold(first, lock)
  }

  function finish(job: number): void {
    recorder.finishJob(now - (submittedAt[job] as number))
    pieceOf[job] = NONE
    if (load.kind === 'open') unused.push(job)
    else if (load.thinkSeconds > 0) queue.push(now + load.thinkSeconds * unitThink(), job)
    else submit(job)
  }

  function arrive(): void {
    let job = unused.shift()
    if (job === NONE) {
      if (known === capacity) {
        throw new RangeError(
          `the arrival rate is more than can be served: ${capacity} jobs are in the system after ${now.toFixed(0)} s; lower it, or give more CPUs`,
        )
      }
      job = known
      known += 1
    }
    submit(job)
  }

  /** The think time, the slice or the piece of a job is over. */
  function proceed(job: number): void {
    const index = pieceOf[job] as number
    const left = leftSeconds[job] as number
    if (index === NONE) submit(job)
    else if (cpuOf[job] !== NONE) {
      leaveCpu(job)
      if (left > sliceSeconds) {
        leftSeconds[job] = left - sliceSeconds
        needCpu(job)
      } else endPiece(job, index)
    } else {
      state.served -= 1
      endPiece(job, index)
    }
  }

  function endPiece(job: number, index: number): void {
    const { lock } = pieces[index] as Piece
    if (lock !== NONE) release(lock)
    if (index + 1 < pieces.length) startPiece(job, index + 1)
    else finish(job)
  }

  /** CPU time so far, what runs now included. */
  function spentSeconds(): readonly number[] {
    return Array.from(cpuSeconds, (seconds, cpu) => {
      const job = runs[cpu] as number
      return job === NONE ? seconds : seconds + now - (startedAt[job] as number)
    })
  }

  let nextArrival = Number.POSITIVE_INFINITY
  if (load.kind === 'open') nextArrival = unitThink() / load.ratePerSecond
  else for (let job = 0; job < capacity; job += 1) queue.push(load.thinkSeconds * thinkRandom(), job)

  let events = 0
  let samples = 0
  let borders = 0
  let nextSample = 0.5 / scenario.sampleHz
  let nextBorder = warmUpSeconds
  let begin = 0
  while (nextBorder <= durationSeconds + ROUNDING_SECONDS) {
    const at = Math.min(queue.nextSeconds(), nextArrival, nextSample, nextBorder)
    if (at > now) recorder.pass(at - now)
    now = at
    events += 1
    if (at === nextBorder) {
      const interval = recorder.takeInterval(begin, at, spentSeconds())
      if (borders === 0) recorder.clearRun()
      else observe(interval)
      borders += 1
      begin = at
      nextBorder = warmUpSeconds + borders * scenario.intervalSeconds
    } else if (at === nextSample) {
      recorder.sample()
      samples += 1
      nextSample = (samples + 0.5) / scenario.sampleHz
    } else if (load.kind === 'open' && at === nextArrival) {
      nextArrival = at + unitThink() / load.ratePerSecond
      arrive()
    } else proceed(queue.pop())
  }
  return { ...recorder.totals(now - warmUpSeconds), events }
}

/** The way of a job: each lock, and after it an equal piece of the parallel part. */
function piecesOf({ lockShares, demandSeconds }: Scenario): readonly Piece[] {
  const serialShare = lockShares.reduce((sum, share) => sum + share, 0)
  const parallel = { lock: NONE, share: (1 - serialShare) / Math.max(1, lockShares.length) }
  const all =
    lockShares.length === 0 ? [parallel] : lockShares.flatMap((share, lock) => [{ lock, share }, parallel])
  return all
    .filter(({ share }) => share > LEAST_SHARE)
    .map(({ lock, share }) => ({ lock, meanSeconds: share * demandSeconds }))
}
