import { expect, test } from 'vitest'
import { createReloader, type ReadConfig } from '../../src/app/reloader.js'
import { type Config, defaultConfig } from '../../src/config/config.js'
import { recordLog } from '../support/log.js'

function scene(...answers: readonly Awaited<ReturnType<ReadConfig>>[]) {
  const log = recordLog()
  let second = 1000
  const applied: Config[] = []
  let asked = 0
  const reloader = createReloader(
    defaultConfig,
    async () => {
      asked += 1
      return answers[asked - 1] ?? { ok: false, errors: [] }
    },
    async (config) => void applied.push(config),
    log.logger,
    () => {
      second += 1
      return second
    },
  )
  return { reloader, applied, log: log.text }
}

const ok = (config: Config) => ({ ok: true, config }) as const

test('what may change takes hold; what needs a restart is named, in the answer and in the log', async () => {
  const limits = { ...defaultConfig.limits, maxTargets: 7 }
  const { reloader, applied, log } = scene(
    ok({ ...defaultConfig, limits, log: { level: 'debug', format: 'json' } }),
  )
  const notes = ['log has changed: restart the exporter for it to take effect']
  expect(await reloader.reload()).toEqual({ ok: true, notes })
  expect(applied).toMatchObject([{ limits: { maxTargets: 7 }, log: { level: 'info' } }])
  expect(log()).toContain(`level=warn msg="${notes[0]}"`)
  expect(reloader.lastRead()).toEqual({ isValid: true, readTimestampSeconds: 1002 })
})

test('one that is not valid changes nothing, and says so until a valid one is read', async () => {
  const { reloader, applied, log } = scene({ ok: false, errors: ['a.yml:1:2: wrong'] }, ok(defaultConfig))
  expect(await reloader.reload()).toEqual({ ok: false, errors: ['a.yml:1:2: wrong'] })
  expect(applied).toEqual([])
  expect(log()).toContain('level=error msg="configuration refused: a.yml:1:2: wrong"')
  expect(reloader.lastRead()).toEqual({ isValid: false, readTimestampSeconds: 1001 })
  expect(await reloader.reload()).toEqual({ ok: true, notes: [] })
  expect(reloader.lastRead()).toEqual({ isValid: true, readTimestampSeconds: 1002 })
})

test('compares with what runs, not with what was read at the start', async () => {
  const { reloader, applied } = scene(
    ok({ ...defaultConfig, deploys: { ...defaultConfig.deploys, compareSeconds: 600, tokenFile: '/new' } }),
    ok({ ...defaultConfig, deploys: { ...defaultConfig.deploys, compareSeconds: 600 } }),
  )
  expect((await reloader.reload()).ok).toBe(true)
  expect(applied[0]?.deploys).toMatchObject({ compareSeconds: 600, tokenFile: undefined })
  expect(await reloader.reload()).toEqual({ ok: true, notes: [] })
})
