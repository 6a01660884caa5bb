import { createHash } from 'node:crypto'
import { createRandom } from '../../src/simulate/random.js'
import { mutate } from './mutate.js'

/** Something that takes bytes from outside. */
export interface Subject {
  readonly name: string
  /** Real inputs, which mutations begin with. */
  readonly seeds: () => readonly Uint8Array[]
  /** Takes one input whole. @throws whatever must not happen. */
  readonly feed: (input: Buffer) => void | Promise<void>
  /** Ends what it has started. */
  readonly close?: () => Promise<void>
}

export interface Failure {
  readonly input: Buffer
  readonly error: unknown
}

export interface Outcome {
  readonly inputs: number
  readonly slowestSeconds: number
  readonly failures: readonly Failure[]
}

/** Longest that one input may take. Seconds. */
const MAX_SECONDS = 2
/** After so many failures a subject is left. */
const MAX_FAILURES = 5

/**
 * Feeds mutated inputs, the same ones for the same seed.
 *
 * @param until Whether it goes on after so many inputs.
 */
export async function run(
  subject: Subject,
  seed: number,
  until: (inputs: number) => boolean,
): Promise<Outcome> {
  const seeds = subject.seeds()
  const random = createRandom(seed, streamOf(subject.name))
  const failures: Failure[] = []
  let slowestSeconds = 0
  let inputs = 0
  while (until(inputs) && failures.length < MAX_FAILURES) {
    const input = mutate(random, seeds)
    const { seconds, error } = await feed(subject, input)
    if (error !== undefined) failures.push({ input, error })
    slowestSeconds = Math.max(slowestSeconds, seconds)
    inputs += 1
  }
  return { inputs, slowestSeconds, failures }
}

/** Feeds one input; what is thrown, or that it took too long, is the error. */
export async function feed(
  { feed }: Subject,
  input: Buffer,
): Promise<{ readonly seconds: number; readonly error: unknown }> {
  const begin = performance.now()
  let error: unknown
  try {
    await feed(input)
  } catch (thrown) {
    error = thrown ?? new Error('nothing was thrown')
  }
  const seconds = (performance.now() - begin) / 1000
  if (error === undefined && seconds > MAX_SECONDS) error = new Error(`took ${seconds.toFixed(1)} s`)
  return { seconds, error }
}

/** Name of a file for an input that has failed. */
export function nameOf(input: Uint8Array): string {
  return createHash('sha256').update(input).digest('hex').slice(0, 16)
}

/** Of a subject, for the names of its files. */
export function slug(name: string): string {
  return name.replaceAll(/[^\w.]+/g, '_')
}

function streamOf(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32LE()
}
