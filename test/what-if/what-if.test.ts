import { describe, expect, test } from 'vitest'
import type { WhatIfAnswer } from '../../src/api/what-if.js'
import type { MeasuredService, Question } from '../../src/what-if/question.js'
import { describeRefusal } from '../../src/what-if/refusal.js'
import {
  type ClosedLoad,
  lockQueueOf,
  modelOf,
  type ServiceModel,
  simulateService,
} from '../../src/what-if/service-model.js'
import { answerWhatIf } from '../../src/what-if/what-if.js'

const exponential = { kind: 'exponential' } as const

/** A run that nothing ends. */
function runOf(model: ServiceModel, load: ClosedLoad, seed: number) {
  return simulateService(model, load, seed, { jobs: 20_000, check: () => {} })
}

/** A service that does what the model does under a load that is known here, and hidden from what is asked. */
function measure(
  parallelFraction: number,
  cpus: number,
  clients: number,
  thinkPerDemand: number,
  change: Partial<MeasuredService> = {},
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
    otherCpus: 0,
    queueLength: 0,
    sequential: [
      { kind: 'lock', name: 'orders_lock', serialUtilization: 1 - parallelFraction, heldAsleep: 0 },
    ],
    ...change,
  }
  const model = modelOf(service, parallelFraction, exponential)
  const run = runOf(model, { clients, thinkPerDemand }, 99)
  const sequential = service.sequential.map((one) => ({
    ...one,
    serialUtilization: one.serialUtilization * run.busyCpus,
    heldAsleep: one.heldAsleep * run.busyCpus,
  }))
  return { ...service, busyCpus: run.busyCpus, queueLength: lockQueueOf(model, run), sequential }
}

const FLAGS = {
  clients: '--clients-now',
  thinkSeconds: '--think',
  demandSeconds: '--demand',
  throughput: '--throughput',
}

function ask(
  service: MeasuredService,
  question: Omit<Partial<Question>, 'present'> & { readonly present?: Partial<Question['present']> },
): WhatIfAnswer {
  const present = { demandDistribution: exponential, ...question.present }
  const answered = answerWhatIf(service, { seed: 1, ...question, present })
  if (answered.ok !== true) throw new Error(describeRefusal(answered, FLAGS))
  return answered.answer
}

/** What the changed system really does, by other seeds. */
function truth(parallelFraction: number, cpus: number, clients: number, thinkPerDemand: number) {
  const service = { ...measure(parallelFraction, cpus, clients, thinkPerDemand), cpus }
  return runOf(modelOf(service, parallelFraction, exponential), { clients, thinkPerDemand }, 1234)
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
    expect(() => ask(service, { cpus: 4 })).toThrow(
      'the CPUs of shop are saturated, so the load cannot be seen: give --clients-now, and --think (0s where they pause for nothing)',
    )
    expect(() => ask(service, { cpus: 4, present: { clients: 8 } })).toThrow(
      'so the load cannot be seen: give --think (0s where they pause for nothing)',
    )
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
    const second = { kind: 'lock', name: 'stock_lock', serialUtilization: 0.28, heldAsleep: 0 } as const
    const one = measure(0.3, 4, 4, 0)
    const service = { ...one, busyCpus: 1, sequential: [...one.sequential, second] }
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
    [{ clients: 20 }, 'other clients can only be compared with those there are: give --clients-now'],
    [{ clients: 2001 }, 'clients must be a whole number from 1 to 2000, got 2001'],
    [{ holdTimeCut: 1 }, 'the cut of the hold time must be 0 or more and less than 1, got 1'],
    [{ present: { clients: 1.5 } }, 'clients now must be a whole number from 1 to 2000, got 1.5'],
    [{ present: { demandSeconds: 0 } }, 'the CPU time of a job must be more than 0 s, got 0'],
    [{ present: { throughput: 0 } }, 'the throughput must be more than 0 jobs per second, got 0'],
    [
      { present: { thinkSeconds: 1, clients: 4 } },
      'a think time needs the CPU time of a job: give --demand or --throughput',
    ],
  ])('%j is refused', (question, problem) => {
    expect(() => ask(measure(0.6, 4, 10, 4), question)).toThrow(problem)
  })
})

test('other locks count by their share, as far as it is left and no more than the bottleneck', () => {
  const service = { ...measure(0.5, 4, 4, 0), busyCpus: 2 }
  const works = (utilizations: readonly number[]) => {
    const others = utilizations.map(
      (serialUtilization) => ({ kind: 'lock', name: 'x', serialUtilization, heldAsleep: 0 }) as const,
    )
    const model = modelOf({ ...service, sequential: [...service.sequential, ...others] }, 0.5, exponential)
    return [...model.resources.map(({ work }) => work), model.parallelWork]
  }
  expect(works([0.2, 0.6])).toEqual([0.5, 0.3, 0.1, expect.closeTo(0.1, 9)])
  expect(works([0.9, 0.3])).toEqual([0.5, 0.45, expect.closeTo(0.05, 9), 0])
  expect(works([0.001])).toEqual([0.5, 0.5])
})

/** D_s = 0.1 and a sleep of 0.5 in the lock, D_p = 0.9. */
function sleeping(cpus: number, clients: number, thinkPerDemand: number, otherCpus = 0): MeasuredService {
  const lock = { kind: 'lock', name: 'journal_lock', serialUtilization: 0.1, heldAsleep: 0.5 } as const
  return measure(0.9, cpus, clients, thinkPerDemand, { sequential: [lock], otherCpus })
}

describe('holders that sleep', () => {
  test('are the bottleneck though their U_s is small: more CPUs help as far as the lock lets them', () => {
    // On many CPUs X ≤ 1/0.6; p alone would promise 1/(1 − p) = 10.
    const service = sleeping(1, 12, 0)
    const present = { clients: 12, thinkSeconds: 0 }
    const { predicted, throughputRatio, bottleneck } = ask(service, { cpus: 16, present })
    expect(bottleneck).toEqual({ kind: 'lock', name: 'journal_lock' })
    expect(throughputRatio.value * service.busyCpus * 0.6).toBeCloseTo(1, 1.3)
    expect(predicted.utilization.value * 16 * 0.6).toBeCloseTo(1, 1.5)
  })

  test('are what the load is found by: the lock is full, though U_s is far from it', () => {
    const service = sleeping(8, 10, 4)
    const { load, now, measured } = ask(service, { holdTimeCut: 0.5, present: { clients: 10 } })
    expect(service.sequential[0]?.serialUtilization).toBeLessThan(0.2)
    expect(Math.abs(load.thinkPerDemand - 4)).toBeLessThan(0.3)
    expect(now.queueLength.value / measured.queueLength).toBeCloseTo(1, 1.3)
    expect(measured.heldAsleep).toBe(service.sequential[0]?.heldAsleep)
  })

  test('hold for half as long, asleep too, once the hold time is cut by half', () => {
    const present = { clients: 12, thinkSeconds: 0 }
    const { throughputRatio } = ask(sleeping(8, 12, 0), { holdTimeCut: 0.5, present })
    expect(throughputRatio.value / 2).toBeCloseTo(1, 1.3)
  })
})

describe('other programs on the CPUs', () => {
  test('slow a service down, and the load is found all the same', () => {
    const service = measure(0.6, 2, 6, 4, { otherCpus: 0.8 })
    const alone = ask({ ...service, otherCpus: 0 }, { cpus: 2 })
    const { now, measured, load } = ask(service, { cpus: 2 })
    expect(now.utilization.value / measured.utilization).toBeCloseTo(1, 1.3)
    expect(now.queueLength.value / measured.queueLength).toBeCloseTo(1, 0.8)
    expect(load.clients).toBeLessThan(30)
    // Without them the queue could not be told.
    expect(alone.now.queueLength.value / measured.queueLength).toBeLessThan(
      now.queueLength.value / measured.queueLength,
    )
  })

  test('that fill the CPUs might give way, and nobody knows how far', () => {
    const service = measure(0.95, 2, 40, 0, { otherCpus: 1 })
    expect(service.busyCpus).toBeCloseTo(1, 1.3)
    expect(() => ask(service, { cpus: 4, present: { clients: 40, thinkSeconds: 0 } })).toThrow(
      'other programs use 1.00 of the 2 CPUs of shop and none is idle: how far they would give way is not known; ask when they use less',
    )
  })

  test('that are few leave what they do not use', () => {
    const service = measure(0.95, 2, 40, 0, { otherCpus: 0.15 })
    expect(() => ask(service, { cpus: 4 })).toThrow(
      'the CPUs of shop are saturated (other programs use 0.15 of them), so the load cannot be seen: give',
    )
    const { predicted } = ask(service, { cpus: 4, present: { clients: 40, thinkSeconds: 0 } })
    expect(predicted.utilization.value * 4).toBeCloseTo(3.85, 0.8)
  })

  test('that use many CPUs cost no more time than those of one', () => {
    const service = measure(0.9, 64, 8, 20, { otherCpus: 40.5 })
    const { now, measured, predicted } = ask(service, { cpus: 60 })
    expect(now.utilization.value / measured.utilization).toBeCloseTo(1, 1)
    expect(predicted.cpus).toBe(60)
  })

  test('that use more than there would be are said', () => {
    const service = measure(0.6, 4, 6, 4, { otherCpus: 2.25 })
    expect(() => ask(service, { cpus: 2 })).toThrow(
      'other programs use 2.25 CPUs: of 2 there would be none left for shop',
    )
  })
})

describe('a thread as the bottleneck', () => {
  const thread = { kind: 'thread', name: 'main', serialUtilization: 0.9, heldAsleep: 0 } as const
  const measured = (clients: number, thinkPerDemand: number) =>
    measure(0.1, 4, clients, thinkPerDemand, { sequential: [thread] })

  test('is a queue that is not measured: clients have to be given', () => {
    const service = measured(8, 12)
    expect(service.queueLength).toBe(0)
    const problem =
      'the queue for the thread main of shop is not measured, so the load cannot be seen: give --clients-now'
    expect(() => ask(service, { cpus: 8 })).toThrow(problem)
    const { load, throughputRatio } = ask(service, { clients: 80, present: { clients: 8 } })
    expect(Math.abs(load.thinkPerDemand - 12)).toBeLessThan(0.5)
    // One thread: X ≤ 1/0.9, whatever the CPUs.
    expect(throughputRatio.value * service.busyCpus).toBeCloseTo(1 / 0.9, 1.3)
  })

  test('that is full hides the think time as well', () => {
    const service = measured(20, 1)
    expect(() => ask(service, { cpus: 8, present: { clients: 20 } })).toThrow('give --think')
    const { throughputRatio, bottleneck } = ask(service, {
      cpus: 8,
      present: { clients: 20, thinkSeconds: 0 },
    })
    expect(bottleneck).toEqual({ kind: 'thread', name: 'main' })
    expect(throughputRatio.value).toBeCloseTo(1, 1.5)
  })
})

describe('time', () => {
  const service = measure(0.6, 4, 10, 4)
  const question = { seed: 1, cpus: 8, present: { demandDistribution: exponential } }

  test('that is up before the load is found: what to give', () => {
    const answered = answerWhatIf(service, question, { nowMs: () => 5, endMs: 5, progress: () => {} })
    expect(answered).toEqual({
      ok: 'given-up',
      problem: 'the load of shop could not be found within 10 s',
      give: [['clients'], ['thinkSeconds'], ['throughput', 'demandSeconds']],
    })
  })

  test('that is up later: that it took too long', () => {
    let nowMs = 0
    const progress = (text: string) => {
      if (text.startsWith('simulating')) nowMs = 10_000
    }
    const answered = answerWhatIf(service, question, { nowMs: () => nowMs, endMs: 10_000, progress })
    expect(answered).toEqual({
      ok: 'given-up',
      problem:
        'what shop would do could not be simulated within 10 s: ask with fewer clients, or where a CPU is idle',
      give: [],
    })
  })

  test('is told as it passes, and a watch changes no answer', () => {
    const said: string[] = []
    const watch = { nowMs: () => 0, endMs: 1, progress: (text: string) => said.push(text) }
    expect(answerWhatIf(service, question, watch)).toEqual(answerWhatIf(service, question))
    expect(said[0]).toMatch(/^finding the load of shop: \d+ clients$/)
    expect(said.at(-1)).toBe('simulating shop: run 36 of 36')
    // Each is at most a hundredth of a second or two of one core.
    expect(said.length).toBeLessThan(120)
  })

  test.each<[string, Partial<MeasuredService>]>([
    ['a queue that no load explains', { queueLength: 60 }],
    ['a long queue of a lock that is full', { busyCpus: 2.4, queueLength: 1500 }],
    ['many CPUs', { cpus: 1024, busyCpus: 300, queueLength: 90 }],
    [
      'others that use a hundred times as much',
      { cpus: 32, busyCpus: 0.05, queueLength: 0.03, otherCpus: 20 },
    ],
  ])('%s: the load takes a bounded number of runs', (_, change) => {
    const said: string[] = []
    const watch = { nowMs: () => 0, endMs: 1, progress: (text: string) => said.push(text) }
    answerWhatIf({ ...service, ...change }, { ...question, cpus: undefined }, watch)
    expect(said.length).toBeGreaterThan(20)
    expect(said.length).toBeLessThan(150)
  })
})
