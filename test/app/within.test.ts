import { expect, test } from 'vitest'
import { within } from '../../src/app/within.js'

test('waits for what is soon done, and not for what never is', async () => {
  const begin = performance.now()
  await within(60_000, Promise.resolve())
  await within(20, new Promise(() => {}))
  const ms = performance.now() - begin
  expect(ms).toBeGreaterThanOrEqual(19)
  expect(ms).toBeLessThan(20_000)
})
