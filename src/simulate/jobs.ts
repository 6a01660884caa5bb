import type { Cpus } from './cpus.js'
import type { EventQueue } from './event-queue.js'
import { NONE } from './job-queue.js'
import type { JobSource } from './job-source.js'
import type { Locks } from './locks.js'
import type { Piece } from './pieces.js'
import type { Recorder } from './recorder.js'
import type { SystemState } from './system-state.js'

/** The jobs on their way through locks and CPUs. */
export interface Jobs {
  submit(job: number): void
  /** The think time, the slice, the piece or the sleep of a job is over. */
  proceed(job: number): void
}

/** What jobs pass through. */
export interface JobParts {
  readonly state: SystemState
  readonly pieces: readonly Piece[]
  /** Draws of mean 1 for the lengths of pieces. */
  readonly unitDemand: () => number
  /** The same for the lengths of sleeps. */
  readonly unitSleep: () => number
  readonly events: Pick<EventQueue, 'push'>
  /** As the CPUs have it. */
  readonly sliceSeconds: number
  readonly cpus: Cpus
  readonly locks: Locks
  readonly source: JobSource
  readonly recorder: Pick<Recorder, 'finishJob'>
}

export function createJobs(parts: JobParts): Jobs {
  const { state, pieces, unitDemand, unitSleep, events, sliceSeconds, cpus, locks, source, recorder } = parts
  const { cpuOf, leftSeconds, asleep } = state
  const pieceOf = new Int32Array(cpuOf.length).fill(NONE)
  const submittedAt = new Float64Array(cpuOf.length)

  function submit(job: number): void {
    submittedAt[job] = state.nowSeconds
    startPiece(job, 0)
  }

  function startPiece(job: number, index: number): void {
    const { lock, meanSeconds } = pieces[index] as Piece
    pieceOf[job] = index
    leftSeconds[job] = meanSeconds * unitDemand()
    if (lock === NONE) cpus.request(job)
    else locks.request(job, lock)
  }

  /** Its work is done: before it goes on, it may sleep in the lock. */
  function endWork(job: number, index: number): void {
    const { sleepSeconds } = pieces[index] as Piece
    if (sleepSeconds > 0) {
      asleep[job] = 1
      events.push(state.nowSeconds + sleepSeconds * unitSleep(), job)
    } else endPiece(job, index)
  }

  function endPiece(job: number, index: number): void {
    const { lock } = pieces[index] as Piece
    if (lock !== NONE) locks.release(lock)
    if (index + 1 < pieces.length) startPiece(job, index + 1)
    else finish(job)
  }

  function finish(job: number): void {
    recorder.finishJob(state.nowSeconds - (submittedAt[job] as number))
    pieceOf[job] = NONE
    if (source.takeBack(job)) submit(job)
  }

  return {
    submit,
    proceed(job) {
      const index = pieceOf[job] as number
      const left = leftSeconds[job] as number
      if (index === NONE) submit(job)
      else if (asleep[job] === 1) {
        asleep[job] = 0
        endPiece(job, index)
      } else if (cpuOf[job] !== NONE) {
        cpus.release(job)
        if (left > sliceSeconds) {
          leftSeconds[job] = left - sliceSeconds
          cpus.request(job)
        } else endWork(job, index)
      } else {
        // A holder that needs no CPU.
        state.served -= 1
        endWork(job, index)
      }
    },
  }
}
