import { expect, test } from 'vitest'
import { describeSchema, read } from '../../src/api/schema.js'
import { TARGET, TARGETS, type Target } from '../../src/api/target.js'
import { VERDICTS } from '../../src/estimate/comparison.js'
import { REASONS } from '../../src/estimate/estimate.js'
import { REGIMES } from '../../src/model/bounds.js'
import { shop } from './shop.js'

test('what an exporter writes is read again unchanged', () => {
  const text = JSON.stringify({ targets: [shop, { ...shop, name: 'mail', deploy: undefined }] })
  expect(read(TARGETS, JSON.parse(text))).toEqual(JSON.parse(text))
})

test('a target of which nothing is known yet is one', () => {
  const nothing = { reason: 'too-few-samples' } as const
  const fresh: Target = {
    name: 'shop',
    parallelFraction: { ownership: nothing, window: nothing },
    startTimestampSeconds: 1_700_000_000,
    info: {},
    locks: [],
  }
  expect(read(TARGET, fresh)).toEqual(fresh)
})

test('words and fields of a later version do not keep a target from being read', () => {
  const later = {
    ...shop,
    regime: 'asleep',
    bottleneck: { kind: 'thread' },
    parallelFraction: {
      ownership: { reason: 'later', middle: 0.1 },
      window: { value: 1, lower: 1, upper: 1 },
    },
    deploy: { ...shop.deploy, verdict: 'rolled-back', source: 'guessed' },
  }
  expect(read(TARGET, later)).toEqual({
    ...shop,
    regime: 'asleep',
    parallelFraction: { ownership: { reason: 'later' }, window: { value: 1, lower: 1, upper: 1 } },
    deploy: { ...shop.deploy, verdict: 'rolled-back', source: 'guessed' },
  })
})

test.each([
  ['no name', { ...shop, name: undefined }],
  ['a number that is text', { ...shop, cpus: '4' }],
  ['half an estimate', { ...shop, parallelFraction: { ...shop.parallelFraction, window: { value: 1 } } }],
  ['a list', [shop]],
])('%s is no target', (_, data) => {
  expect(read(TARGET, data)).toBeUndefined()
})

test('closed sets are described by the words of the estimators and of the model', () => {
  const { properties } = describeSchema(TARGET, 'response') as {
    properties: Record<string, { enum?: string[]; properties: Record<string, object> }>
  }
  expect(properties.regime?.enum).toEqual(REGIMES)
  expect(properties.deploy?.properties.verdict).toMatchObject({ enum: VERDICTS })
  expect(properties.deploy?.properties.source).toMatchObject({ enum: ['observed', 'announced'] })
  expect(JSON.stringify(properties.parallelFraction)).toContain(REASONS.join(', '))
})
