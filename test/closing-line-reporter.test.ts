import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

let folder: string
beforeAll(async () => {
  // Below node_modules, so that the tests in it find vitest and no other run finds them.
  folder = await mkdtemp(join(ROOT, 'node_modules', '.closing-line-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Runs vitest with the reporter over one file of tests. @returns its exit status and the last line it prints. */
async function runTests(
  body: string,
  strict: boolean,
): Promise<{ status: number | null; last: string | undefined }> {
  await writeFile(join(folder, 'a.spec.js'), `import { beforeAll, test } from 'vitest'\n${body}\n`)
  await writeFile(
    join(folder, 'vitest.config.js'),
    `export default { test: { include: ['*.spec.js'], exclude: [], reporters: ['default', ${JSON.stringify(join(ROOT, 'test/closing-line-reporter.ts'))}] } }`,
  )
  const child = spawn(join(ROOT, 'node_modules/.bin/vitest'), ['run', '--root', folder], {
    env: { ...process.env, AMDAHL_TEST_STRICT: strict ? '1' : '' },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let out = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { status, last: out.trimEnd().split('\n').at(-1) }
}

describe('the last line of a run', { timeout: 30_000 }, () => {
  test.each([
    ['passes', "test('a', () => {}); test('b', () => {})", true, 0, '2 passed, 0 failed'],
    ['fails', "test('a', () => {}); test('b', () => { throw 1 })", false, 1, '1 passed, 1 failed'],
    ['skips', "test('a', () => {}); test.skip('b', () => {})", false, 0, '1 passed, 0 failed, 1 skipped'],
    ['skips, strictly', "test('a', () => {}); test.todo('b')", true, 1, '1 passed, 0 failed, 1 skipped'],
    ['cannot be loaded', "throw new Error('x')", false, 1, '0 passed, 1 failed'],
    ['leaves a rejection', "test('a', () => { Promise.reject(1) })", false, 1, '1 passed, 1 failed'],
  ])('of a file that %s', async (_, body, strict, status, last) => {
    expect(await runTests(body, strict)).toEqual({ status, last })
  })
})
