import { z } from 'zod'
import { number, oneOf, range, text } from './field.js'
import { expected, type Read, type Written } from './schema.js'

/** Up to 15 digits on either side of the point: more do not fit into a number. */
const DECIMAL = /^(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})$/
const TARGET_NAME = expected('the name of a target, of 1 to 256 characters')

/** A number in a query string, in which all values are text. */
function numeral(description: string) {
  const wrong = expected('a number of 0 or more, such as 4 or 0.25')
  return z.string(wrong).regex(DECIMAL, wrong).transform(Number).describe(description).optional()
}

/** What is asked about a target; what is left out stays as it is. */
export const QUESTION = z.strictObject({
  target: z.string(TARGET_NAME).min(1, TARGET_NAME).max(256, TARGET_NAME).describe('Name of the target'),
  cpus: numeral('CPUs that it would have'),
  clients: numeral('Clients, or threads that take jobs, that it would have'),
  holdTimeCut: numeral('Share of its hold time that the bottleneck would lose, from 0 to 1'),
  clientsNow: numeral('Clients that it has; else fitted to the measurement'),
  thinkSeconds: numeral('Think time that they have; else fitted; needs demandSeconds or throughput'),
  demandSeconds: numeral('Mean CPU time of a job'),
  throughput: numeral('Jobs per second now, in place of demandSeconds'),
})

const PERFORMANCE = z.object({
  cpus: number('CPUs'),
  clients: number('Clients'),
  parallelFraction: number('p of the service then'),
  throughput: range('Jobs per second; left out where the CPU time of a job is not known').optional(),
  utilization: range('CPU utilization'),
  queueLength: range('Mean number of jobs at the locks, holders included'),
  responseSeconds: range('Mean response time; left out where the CPU time of a job is not known').optional(),
})

export const ANSWER = z.object({
  target: text('Name of the target'),
  bottleneckLock: text('The bottleneck, where it is a lock').optional(),
  bottleneck: z
    .object({
      kind: oneOf(['lock', 'thread'], 'What it is'),
      name: text('Which one').optional(),
    })
    .describe('What a job holds for longest and alone, which holdTimeCut is about')
    .optional(),
  measured: z
    .object({
      parallelFraction: range('p by ownership'),
      utilization: number('CPU utilization of the CPUs it may use'),
      otherCpus: number('CPUs of these that other programs use, and are taken to go on using'),
      queueLength: number('Mean number of jobs at its locks'),
      heldAsleep: number('Share of the time in which the holder of the bottleneck sleeps').optional(),
    })
    .describe('What was measured, to be compared with now'),
  load: z
    .object({
      clients: number('Clients'),
      thinkPerDemand: number('Think time over the CPU time of a job'),
      fitted: z
        .array(oneOf(['clients', 'think'], 'A part of the load'))
        .describe('What of it was fitted to the measurement'),
    })
    .describe('The load that was taken'),
  now: PERFORMANCE.describe('The model of the service as it is'),
  predicted: PERFORMANCE.describe('The model of the service as it would be'),
  throughputRatio: range('Throughput predicted over now'),
  responseRatio: range('Response time predicted over now'),
})

export type WhatIfQuestion = Read<typeof QUESTION>
export type WhatIfAnswer = Written<typeof ANSWER>
export type Performance = Written<typeof PERFORMANCE>
