import { describe, expect, test } from 'vitest'
import type { WhatIfAnswer } from '../../src/api/what-if.js'
import type { MeasuredService, Question } from '../../src/what-if/question.js'
import { modelOf, simulateService } from '../../src/what-if/service-model.js'
import { answerWhatIf } from '../../src/what-if/what-if.js'

const exponential = { kind: 'exponential' } as const

/** A service that does what the model does under a load that is known here, and hidden from what is asked. */
function measure(
  parallelFraction: number,
  cpus: number,
  clients: number,
  thinkPerDemand: number,
): MeasuredService {
  const service: MeasuredService = {
    name: 'shop',
    cpus,
    busyCpus: 1,
    parallelFraction: {
      value: parallelFraction,
      lower: parallelFraction - 0.005,
      upper: parallelFraction + 0.005,
    },
    queueLength: 0,
    bottleneckLock: 'orders_lock',
    otherSerialUtilizations: [],
  }
  const run = simulateService(
    modelOf(service, parallelFraction, exponential),
    { clients, thinkPerDemand },
    99,
  )
  return { ...service, busyCpus: run.busyCpus, queueLength: run.queueLength }
}

function ask(
  service: MeasuredService,
  question: Omit<Partial<Question>, 'present'> & { readonly present?: Partial<Question['present']> },
): WhatIfAnswer {
  const present = { demandDistribution: exponential, ...question.present }
  const answered = answerWhatIf(service, { seed: 1, ...question, present })
  if (!answered.ok) throw new Error(answered.problem)
  return answered.answer
}

/** What the changed system really does, by other seeds. */
function truth(parallelFraction: number, cpus: number, clients: number, thinkPerDemand: number) {
  const service = { ...measure(parallelFraction, cpus, clients, thinkPerDemand), cpus }
  return simulateService(modelOf(service, parallelFraction, exponential), { clients, thinkPerDemand }, 1234)
}

describe('the present load', () => {
  test('is found where nothing limits: clients and think time together do what was measured', () => {
    const service = measure(0.6, 4, 10, 4)
    const { now, load, measured } = ask(service, { cpus: 8 })
    expect(load.fitted).toEqual(['clients', 'think'])
    expect(now.utilization.value / measured.utilization).toBeCloseTo(1, 1.5)
    expect(now.queueLength.value / measured.queueLength).toBeCloseTo(1, 0.8)
    expect(load.clients).toBeGreaterThan(4)
    expect(load.clients).toBeLessThan(20)
  })

  test('is found where the lock limits, by its queue', () => {
    const service = measure(0.5, 8, 12, 3)
    expect((1 - 0.5) * service.busyCpus).toBeGreaterThan(0.9)
    const { load } = ask(service, { cpus: 4, present: { clients: 12 } })
    expect(load.fitted).toEqual(['think'])
    expect(Math.abs(load.thinkPerDemand - 3)).toBeLessThan(0.3)
  })

  test('is taken as it is given', () => {
    const { load } = ask(measure(0.6, 4, 10, 4), {
      present: { clients: 7, thinkSeconds: 0.03, demandSeconds: 0.01 },
    })
    expect(load).toEqual({ clients: 7, thinkPerDemand: 3, fitted: [] })
  })

  test('cannot be seen where the CPUs are saturated: it has to be given', () => {
    const service = measure(0.9, 2, 8, 0)
    const answered = answerWhatIf(service, { cpus: 4, seed: 1, present: { demandDistribution: exponential } })
    expect(answered).toEqual({
      ok: false,
      problem:
        'the CPUs of shop are saturated, so the load cannot be seen: give how many clients there are now and their think time (0s where they pause for nothing)',
    })
    expect(ask(service, { cpus: 4, present: { clients: 8, thinkSeconds: 0 } }).load.fitted).toEqual([])
  })
})

describe('the answer', () => {
  const closed = { clients: 8, thinkSeconds: 0, demandSeconds: 0.02 }

  test.each<[string, Partial<Question>, readonly [number, number, number] | undefined]>([
    ['more CPUs', { cpus: 4 }, [0.9, 4, 8]],
    ['more clients', { clients: 16 }, [0.9, 2, 16]],
    ['half the hold time', { holdTimeCut: 0.5 }, undefined],
  ])('%s: holds what really happens', (_, change, [p, cpus, clients] = [0, 0, 0]) => {
    const service = measure(0.9, 2, 8, 0)
    const { now, predicted, throughputRatio } = ask(service, { ...change, present: closed })
    if (p > 0) {
      const real = truth(p, cpus, clients, 0)
      expect(Math.abs((predicted.utilization.value * cpus) / real.busyCpus - 1)).toBeLessThan(0.01)
      expect(Math.abs(predicted.queueLength.value / real.queueLength - 1)).toBeLessThan(0.05)
    } else {
      // D is 0.95 of what it was, p = 0.9/0.95; the CPUs limit before and after.
      expect(predicted.parallelFraction).toBeCloseTo(0.9 / 0.95, 6)
      expect(throughputRatio.value).toBeCloseTo(1 / 0.95, 1.5)
    }
    for (const range of [now.throughput, predicted.throughput, predicted.responseSeconds, throughputRatio]) {
      expect(range?.lower).toBeLessThan(range?.value ?? 0)
      expect(range?.upper).toBeGreaterThan(range?.value ?? 0)
    }
    // Little's law: all clients are in the system.
    expect(
      ((predicted.throughput?.value ?? 0) * (predicted.responseSeconds?.value ?? 0)) / predicted.clients,
    ).toBeCloseTo(1, 1.5)
  })

  test('p is that of the lock that is the bottleneck then', () => {
    const service = { ...measure(0.3, 4, 4, 0), busyCpus: 1, otherSerialUtilizations: [0.28] }
    const { now, predicted } = ask(service, { holdTimeCut: 0.7, present: { clients: 4, thinkSeconds: 0 } })
    expect(now.parallelFraction).toBeCloseTo(0.3, 9)
    // D is 1 − 0.7·0.7 = 0.51 of what it was; the other lock has 0.28 of it, the first one 0.21.
    expect(predicted.parallelFraction).toBeCloseTo(1 - 0.28 / 0.51, 9)
  })

  test('a wider interval of p gives a wider answer', () => {
    const service = measure(0.5, 4, 8, 0)
    const wide = { ...service, parallelFraction: { value: 0.5, lower: 0.4, upper: 0.6 } }
    const widthOf = (one: MeasuredService) => {
      const { upper, lower } = ask(one, { holdTimeCut: 0.5, present: closed }).throughputRatio
      return upper - lower
    }
    expect(widthOf(wide)).toBeGreaterThan(3 * widthOf(service))
  })

  test('without the CPU time of a job there are ratios, and no seconds', () => {
    const { now, predicted, throughputRatio } = ask(measure(0.6, 4, 10, 4), {
      clients: 20,
      present: { clients: 10 },
    })
    expect([now.throughput, predicted.throughput, predicted.responseSeconds]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    expect(throughputRatio.value).toBeGreaterThan(1.3)
  })

  test('the throughput says what the CPU time of a job says, and goes before it', () => {
    const service = { ...measure(0.6, 4, 10, 4), busyCpus: 2 }
    const byThroughput = ask(service, {
      cpus: 8,
      present: { clients: 10, thinkSeconds: 0.04, throughput: 50, demandSeconds: 7 },
    })
    const byDemand = ask(service, {
      cpus: 8,
      present: { clients: 10, thinkSeconds: 0.04, demandSeconds: 0.04 },
    })
    expect(byThroughput).toEqual(byDemand)
    expect(byThroughput.load).toEqual({ clients: 10, thinkPerDemand: 1, fitted: [] })
  })

  test('a quota of half a CPU is a CPU of half the speed', () => {
    const service = measure(0.6, 0.5, 4, 0)
    expect(service.busyCpus).toBeCloseTo(0.5, 3)
    const { throughputRatio } = ask(service, { cpus: 1, present: { clients: 4, thinkSeconds: 0 } })
    expect(throughputRatio.value).toBeCloseTo(2, 1.5)
  })

  test.each([
    [{ cpus: 0 }, 'CPUs must be more than 0 and at most 1024, got 0'],
    [
      { clients: 20 },
      'other clients can only be compared with those there are: give how many clients there are now',
    ],
    [{ clients: 2001 }, 'clients must be a whole number from 1 to 2000, got 2001'],
    [{ holdTimeCut: 1 }, 'the cut of the hold time must be 0 or more and less than 1, got 1'],
    [{ present: { clients: 1.5 } }, 'clients now must be a whole number from 1 to 2000, got 1.5'],
    [{ present: { demandSeconds: 0 } }, 'the CPU time of a job must be more than 0 s, got 0'],
    [{ present: { throughput: 0 } }, 'the throughput must be more than 0 jobs per second, got 0'],
    [
      { present: { thinkSeconds: 1, clients: 4 } },
      'a think time needs the CPU time of a job: give the demand as well',
    ],
  ])('%j is refused', (question, problem) => {
    expect(() => ask(measure(0.6, 4, 10, 4), question)).toThrow(problem)
  })
})

test('other locks count by their share, as far as it is left and no more than the bottleneck', () => {
  const service = measure(0.5, 4, 4, 0)
  const shares = (utilizations: readonly number[]) =>
    modelOf({ ...service, busyCpus: 2, otherSerialUtilizations: utilizations }, 0.5, exponential).lockShares
  expect(shares([0.2, 0.6])).toEqual([0.5, 0.3, 0.1])
  expect(shares([0.9, 0.3])).toEqual([0.5, 0.45, expect.closeTo(0.05, 9)])
  expect(shares([0.001])).toEqual([0.5])
})
