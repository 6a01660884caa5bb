import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeConfigError } from '../../src/config/config-error.js'
import { readConfig } from '../../src/config/read-config.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'amdahl-config-'))
})
afterAll(() => rm(folder, { recursive: true }))

test('reads a file', async () => {
  const path = join(folder, 'good.yml')
  await writeFile(path, 'log: {level: warn}\n')
  expect(await readConfig(path)).toMatchObject({ ok: true, config: { log: { level: 'warn' } } })
})

test.each([
  ['missing.yml', 'ENOENT'],
  ['.', 'EISDIR'],
])('%s is one error with the reason %s', async (name, reason) => {
  const path = join(folder, name)
  const parsed = await readConfig(path)
  const errors = parsed.ok ? [] : parsed.errors.map(describeConfigError)
  expect(errors).toEqual([expect.stringMatching(`^${path}: cannot be read \\(${reason}.*give the path`)])
})

test('a file without end is refused', async () => {
  expect(await readConfig('/dev/zero')).toMatchObject({
    ok: false,
    errors: [{ message: 'is larger than 4194304 bytes; give the path of a YAML file' }],
  })
})

test('a folder in place of the token file is named with its place', async () => {
  const path = join(folder, 'token.yml')
  await writeFile(path, `deploys:\n  token_file: ${folder}\n`)
  const parsed = await readConfig(path)
  expect(parsed.ok ? [] : parsed.errors.map(describeConfigError)).toEqual([
    `${path}:2:15: deploys.token_file is ${folder}, a folder; give the path of a file in it`,
  ])
})
