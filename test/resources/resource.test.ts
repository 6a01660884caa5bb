import { expect, test } from 'vitest'
import { fullestOf, type Resource } from '../../src/resources/resource.js'

const lock = (name: string, utilization: number): Resource => ({ kind: 'lock', name, utilization })
const cpu = (utilization: number): Resource => ({ kind: 'cpu', name: 'cpu', utilization })

test.each([
  ['the one with the largest share', [lock('a', 0.5), cpu(0.7), lock('b', 0.6)], 'cpu'],
  ['the first of equal ones', [lock('a', 0.5), cpu(0.5)], 'a'],
  ['none where nothing is in use', [lock('a', 0), cpu(0)], undefined],
  ['none of none', [], undefined],
])('the fullest resource is %s', (_, resources, name) => {
  expect(fullestOf(resources)?.name).toBe(name)
})
