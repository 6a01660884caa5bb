import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Presence } from '../../src/process/newcomers.js'
import { createProcessPlaces } from '../../src/targets/process-places.js'
import { processIdentity } from '../support/measured.js'

function places() {
  const ended = new Set<number>()
  const present = new Map<number, Presence>()
  let looks = 0
  const { placeOf, seat, next, hasShortLived } = createProcessPlaces({
    isAlive({ pid }) {
      looks += 1
      return !ended.has(pid)
    },
    presence: ({ pid }) => present.get(pid),
  })
  const nameOf = (pid: number, exe = '/srv/shopd') => placeOf(processIdentity(pid, { exe })).name
  return { ended, present, placeOf, seat, nameOf, next, hasShortLived, looks: () => looks }
}

test('processes that live together have numbers of their own, and keep them', () => {
  const { nameOf, next } = places()
  expect([1, 2, 3].map((pid) => nameOf(pid))).toEqual(['/srv/shopd#0', '/srv/shopd#1', '/srv/shopd#2'])
  next()
  expect([3, 1, 2].map((pid) => nameOf(pid))).toEqual(['/srv/shopd#2', '/srv/shopd#0', '/srv/shopd#1'])
})

test('one that has ended leaves its number to the next one of its program, and keeps it for what is told late', () => {
  const { nameOf, ended, next } = places()
  expect([nameOf(1), nameOf(2), nameOf(9, '/srv/mail')]).toEqual([
    '/srv/shopd#0',
    '/srv/shopd#1',
    '/srv/mail#0',
  ])
  ended.add(1).add(9)
  next()
  expect([nameOf(3), nameOf(1), nameOf(4)]).toEqual(['/srv/shopd#0', '/srv/shopd#0', '/srv/shopd#2'])
})

test('no two living processes have the same, whatever starts and ends', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.boolean())), (events) => {
      const { nameOf, ended, next } = places()
      const living = new Map<number, string>()
      let pid = 0
      for (const [seed, isStart] of events) {
        next()
        if (isStart || living.size === 0) {
          pid += 1
          living.set(pid, nameOf(pid))
        } else {
          const one = [...living.keys()][seed % living.size] as number
          living.delete(one)
          ended.add(one)
        }
        for (const [one, name] of living) expect(nameOf(one)).toBe(name)
        expect(new Set(living.values()).size).toBe(living.size)
      }
    }),
  )
})

test('a process is looked at once in an interval, and no more after its end', () => {
  const { placeOf, ended, next, looks } = places()
  const place = placeOf(processIdentity(1))
  for (let again = 0; again < 5; again += 1) expect(place.hasEnded()).toBe(false)
  expect(looks()).toBe(1)
  ended.add(1)
  next()
  for (let again = 0; again < 5; again += 1) expect(place.hasEnded()).toBe(true)
  next()
  expect(place.hasEnded()).toBe(true)
  expect(looks()).toBe(2)
})

test('has room for so many processes: the oldest are forgotten', () => {
  const { nameOf } = places()
  for (let pid = 1; pid <= 4096; pid += 1) nameOf(pid)
  expect(nameOf(1)).toBe('/srv/shopd#0')
  expect(nameOf(5000)).toBe('/srv/shopd#4096')
  expect(nameOf(1)).toBe('/srv/shopd#4097')
})

test('says whether processes ended lately that were there for a moment only', () => {
  const { nameOf, ended, next, hasShortLived } = places()
  const pass = (intervals: number) => {
    for (let interval = 0; interval < intervals; interval += 1) next()
  }
  nameOf(1)
  pass(60)
  ended.add(1)
  nameOf(2)
  expect(hasShortLived()).toBe(false)
  pass(59)
  ended.add(2)
  nameOf(3)
  expect(hasShortLived()).toBe(true)
  pass(59)
  expect(hasShortLived()).toBe(true)
  pass(1)
  expect(hasShortLived()).toBe(false)
})

describe('processes that started and ended within one interval', () => {
  const names = (pids: readonly number[], { seat, nameOf }: ReturnType<typeof places>) => {
    // Whatever the order in which they are told.
    seat([...pids].reverse().map((pid) => processIdentity(pid, { exe: '/srv/shopd' })))
    return pids.map((pid) => nameOf(pid))
  }

  test('have one number where they took turns', () => {
    const scene = places()
    scene.ended.add(1).add(2).add(3)
    for (const pid of [1, 2, 3, 4]) scene.present.set(pid, { first: pid, last: pid })
    expect(names([1, 2, 3, 4], scene)).toEqual(Array(4).fill('/srv/shopd#0'))
  })

  test('have numbers of their own where they were seen together', () => {
    const scene = places()
    scene.ended.add(1).add(2).add(3)
    scene.present.set(1, { first: 1, last: 2 }).set(2, { first: 2, last: 2 })
    scene.present.set(3, { first: 3, last: 3 }).set(4, { first: 3, last: 4 })
    expect(names([1, 2, 3, 4], scene)).toEqual([0, 1, 0, 1].map((number) => `/srv/shopd#${number}`))
  })
})
