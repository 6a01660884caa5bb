import { MAX_CLIENTS, MAX_CPUS, type MeasuredService, type Question } from './question.js'
import { type Refusal, refuse } from './refusal.js'
import { areCpusFull } from './sequential-resources.js'

/** CPUs that others use, over N, up to which it makes little difference whether they give way. Ratio. */
const FEW_OTHERS = 0.1

/** What is wrong with a question, or cannot be asked of this service. */
export function checkQuestion(service: MeasuredService, question: Question): Refusal | undefined {
  const problem = checkRanges(question)
  if (problem !== undefined) return refuse(problem)
  const { present, cpus, clients } = question
  if (clients !== undefined && present.clients === undefined)
    return refuse('other clients can only be compared with those there are', ['clients'])
  const { name, otherCpus } = service
  // A scheduler that is fair gives a service that wants more a part of what they have, how much depends on their threads.
  if (areCpusFull(service) && otherCpus > FEW_OTHERS * service.cpus)
    return refuse(
      `other programs use ${otherCpus.toFixed(2)} of the ${service.cpus} CPUs of ${name} and none is idle: how far they would give way is not known; ask when they use less`,
    )
  if (cpus !== undefined && otherCpus > 0 && cpus <= otherCpus)
    return refuse(
      `other programs use ${otherCpus.toFixed(2)} CPUs: of ${cpus} there would be none left for ${name}`,
    )
  return undefined
}

function checkRanges({ present, cpus, clients, holdTimeCut }: Question): string | undefined {
  for (const [name, count] of [
    ['clients', clients],
    ['clients now', present.clients],
  ] as const) {
    if (count !== undefined && !(Number.isInteger(count) && count >= 1 && count <= MAX_CLIENTS))
      return `${name} must be a whole number from 1 to ${MAX_CLIENTS}, got ${count}`
  }
  const { thinkSeconds, demandSeconds, throughput } = present
  if (demandSeconds !== undefined && !(demandSeconds > 0 && Number.isFinite(demandSeconds)))
    return `the CPU time of a job must be more than 0 s, got ${demandSeconds}`
  if (throughput !== undefined && !(throughput > 0 && Number.isFinite(throughput)))
    return `the throughput must be more than 0 jobs per second, got ${throughput}`
  if (thinkSeconds !== undefined && !(thinkSeconds >= 0 && Number.isFinite(thinkSeconds)))
    return `the think time must be 0 s or more, got ${thinkSeconds}`
  if (cpus !== undefined && !(cpus > 0 && cpus <= MAX_CPUS))
    return `CPUs must be more than 0 and at most ${MAX_CPUS}, got ${cpus}`
  if (holdTimeCut !== undefined && !(holdTimeCut >= 0 && holdTimeCut < 1))
    return `the cut of the hold time must be 0 or more and less than 1, got ${holdTimeCut}`
  return undefined
}
