import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createProcessPlaces } from '../../src/targets/process-places.js'
import { processIdentity } from '../support/measured.js'

function places() {
  const ended = new Set<number>()
  let looks = 0
  const { placeOf, next, hasShortLived } = createProcessPlaces(({ pid }) => {
    looks += 1
    return !ended.has(pid)
  })
  const nameOf = (pid: number, exe = '/srv/shopd') => placeOf(processIdentity(pid, { exe })).name
  return { ended, placeOf, nameOf, next, hasShortLived, looks: () => looks }
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
  expect(nameOf(5001)).toBe('/srv/shopd#0')
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
