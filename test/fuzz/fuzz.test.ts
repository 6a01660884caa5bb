import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { feed, nameOf, run, slug } from './campaign.js'
import { SUBJECTS } from './subjects.js'

/** Inputs of each subject: a moment. `npm run test:fuzz` has minutes. */
const INPUTS = 200
const FAILED = new URL('failed/', import.meta.url)

afterAll(async () => {
  for (const { close } of SUBJECTS) await close?.()
})

describe.each(SUBJECTS)('$name', (subject) => {
  test('survives mutations of real input', async () => {
    const { inputs, failures } = await run(subject, 1, (inputs) => inputs < INPUTS)
    expect(failures.map(({ input, error }) => `${nameOf(input)}: ${error}`)).toEqual([])
    expect(inputs).toBe(INPUTS)
  })

  test('takes its seeds', async () => {
    const seeds = subject.seeds()
    expect(seeds.length).toBeGreaterThan(0)
    for (const seed of seeds) expect((await feed(subject, Buffer.from(seed))).error).toBeUndefined()
  })
})

/** Each is named by its subject and its content. */
test.each(existsSync(FAILED) ? readdirSync(FAILED) : [])('has survived %s since', async (name) => {
  const subject = SUBJECTS.find((one) => name.startsWith(`${slug(one.name)}-`))
  if (!subject) throw new Error(`no subject has an input ${name}`)
  expect((await feed(subject, readFileSync(new URL(name, FAILED)))).error).toBeUndefined()
})
