import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { check, describeSchema, expected, read } from '../../src/api/schema.js'

const COUNT = expected('a count')
const SCHEMA = z.strictObject(
  {
    name: z.string(expected('a name')).describe('Who'),
    count: z.string(COUNT).regex(/^\d+$/, COUNT).transform(Number).describe('How many').optional(),
  },
  expected('an object'),
)

describe('a request', () => {
  test('is taken with its values as what they stand for', () => {
    expect(check(SCHEMA, { name: 'a', count: '42' }, 'query')).toEqual({
      ok: true,
      value: { name: 'a', count: 42 },
    })
    expect(check(SCHEMA, { name: 'a' }, 'query')).toEqual({ ok: true, value: { name: 'a' } })
  })

  test.each([
    [{ count: '1' }, 'query.name: expected a name; it is missing'],
    [{ name: 7 }, 'query.name: expected a name; got 7'],
    [{ name: 'a', count: 'x\ny' }, 'query.count: expected a count; got "x\\ny"'],
    [{ name: 'a', count: 'x'.repeat(100) }, `query.count: expected a count; got "${'x'.repeat(58)}…`],
    [{ name: 'a', 'no\nsuch': 1 }, 'query: unknown field "no\\nsuch"; known are name, count'],
    [null, 'query: expected an object; got null'],
  ])('%j is refused in one line', (data, problem) => {
    expect(check(SCHEMA, data, 'query')).toEqual({ ok: false, problem })
  })
})

test('an answer that is none is undefined', () => {
  expect(read(z.object({ name: z.string() }), { name: 'a', more: 1 })).toEqual({ name: 'a' })
  expect(read(z.object({ name: z.string() }), { name: 1 })).toBeUndefined()
})

test('a schema is described as OpenAPI has it, on either side', () => {
  expect(describeSchema(SCHEMA, 'request')).toEqual({
    type: 'object',
    properties: {
      name: { type: 'string', description: 'Who' },
      count: { type: 'string', pattern: '^\\d+$', description: 'How many' },
    },
    required: ['name'],
    additionalProperties: false,
  })
  expect(describeSchema(z.object({ count: z.number() }), 'response')).toEqual({
    type: 'object',
    properties: { count: { type: 'number' } },
    required: ['count'],
    additionalProperties: false,
  })
})
