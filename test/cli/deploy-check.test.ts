import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { EstimateAnswer } from '../../src/api/field.js'
import type { Change } from '../../src/api/target.js'
import { type DeployCheckFlags, deployCheck, parseDeployCheck } from '../../src/cli/deploy-check.js'
import { shop } from '../api/shop.js'

const NOW = 1_700_001_000
const FLAGS: DeployCheckFlags = {
  target: 'prod/api app',
  since: '15m',
  maxDrop: '0.05',
  from: 'http://127.0.0.1:1023',
  wait: '0s',
}

function estimate(value: number, lower: number, upper: number): EstimateAnswer {
  return { value, lower, upper }
}

function deploy(difference: EstimateAnswer, change: Partial<Change> = {}): Change {
  return {
    timestampSeconds: NOW - 60,
    source: 'observed',
    versionBefore: '1.3',
    versionAfter: '1.4',
    lockBefore: undefined,
    lockAfter: 'orders_lock',
    before: estimate(0.8, 0.79, 0.81),
    after: estimate(0.5, 0.48, 0.52),
    difference,
    verdict: 'undecided',
    ...change,
  }
}

let server: Server | undefined
afterEach(() => server?.close())

/** An exporter that gives these answers in turn, the last one for ever; how often it was asked. */
async function serve(...answers: readonly [number, unknown][]) {
  let asked = 0
  server = createServer(({ url }, response) => {
    const [status, body] = answers[Math.min(asked, answers.length - 1)] ?? [500, '']
    asked += 1
    const found = url === '/api/v1/targets/prod%2Fapi%20app'
    response.statusCode = found ? status : 404
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  return {
    from: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => asked,
  }
}

async function check(flags: Partial<DeployCheckFlags>, nowSeconds = () => NOW) {
  const options = parseDeployCheck({ ...FLAGS, ...flags })
  if ('errors' in options) throw new Error(options.errors.join('\n'))
  let out = ''
  let err = ''
  const terminal = { out: (text: string) => (out += text), err: (text: string) => (err += text) }
  return { status: await deployCheck(options, terminal, nowSeconds), out, err }
}

const target = (change: Change | undefined) => ({ name: 'prod/api app', deploy: change })

describe('deploy-check', () => {
  test.each<[string, EstimateAnswer, number, string]>([
    ['a drop beyond what is accepted', estimate(-0.3, -0.33, -0.27), 1, 'regressed'],
    ['a drop that is accepted', estimate(-0.02, -0.04, 0), 0, 'passed'],
    ['a drop that may be larger than accepted', estimate(-0.04, -0.06, -0.02), 4, 'undecided'],
    ['a drop that may be chance', estimate(-0.06, -0.15, 0.03), 4, 'undecided'],
    ['a rise', estimate(0.2, 0.15, 0.25), 0, 'passed'],
    ['no estimate', { reason: 'too-few-samples' }, 4, 'undecided: too-few-samples'],
  ])('%s', async (_, difference, status, text) => {
    const { from } = await serve([200, target(deploy(difference))])
    const result = await check({ from })
    expect(result.status).toBe(status)
    expect(result.out).toContain(`prod/api app: ${text}`)
    expect(result.out).toContain('1.3 -> 1.4: p 0.800 (0.790 to 0.810) before, 0.500 (0.480 to 0.520) after')
    expect(result.out).toMatch(/^[^\n]*orders_lock[^\n]*\n$/)
  })

  test('reads the answer of a newer exporter, which knows more', async () => {
    const reason = { reason: 'of-a-later-version' }
    const { from } = await serve([200, { ...shop, deploy: { ...shop.deploy, difference: reason, more: 1 } }])
    expect(await check({ from, since: '1y' })).toMatchObject({
      status: 4,
      out: expect.stringContaining('undecided: of-a-later-version; 1.3 -> 1.4'),
    })
  })

  test('says so when no deploy was seen in the time asked for', async () => {
    const old = deploy(estimate(-0.3, -0.33, -0.27), { timestampSeconds: NOW - 1000 })
    const { from } = await serve([200, target(old)])
    expect(await check({ from })).toMatchObject({
      status: 4,
      out: expect.stringContaining('the last was 2023-11-14T22:13:20.000Z'),
    })
    expect(await check({ from, since: '20m' })).toMatchObject({ status: 1 })
    const { from: other } = await serve([200, target(undefined)])
    expect((await check({ from: other })).status).toBe(4)
  })

  test('waits until it is decided', async () => {
    const { from, asked } = await serve(
      [503, ''],
      [200, target(deploy({ reason: 'too-few-samples' }))],
      [200, target(deploy(estimate(-0.3, -0.33, -0.27)))],
    )
    expect((await check({ from, wait: '1m' })).status).toBe(1)
    expect(asked()).toBe(3)
  })

  test('waits no longer than asked for', async () => {
    const { from, asked } = await serve([200, target(deploy({ reason: 'too-few-samples' }))])
    let now = NOW
    const result = await check({ from, wait: '4s' }, () => {
      now += 1
      return now
    })
    expect(result.status).toBe(4)
    expect(asked()).toBeLessThan(4)
  })

  test.each<[number, unknown, string]>([
    [404, {}, 'no such target'],
    [500, '', 'answered 500'],
    [200, 'hello', 'is no amdahl_exporter'],
    [200, { name: 'x', deploy: { timestampSeconds: 'now' } }, 'is no amdahl_exporter'],
  ])('that gets %d %j says what is wrong', async (status, body, text) => {
    const { from } = await serve([status, body])
    expect(await check({ from })).toMatchObject({ status: 3, err: expect.stringContaining(text) })
  })

  test('without an exporter says how to give its address', async () => {
    expect(await check({})).toMatchObject({ status: 3, err: expect.stringMatching(/ECONNREFUSED.*--from/) })
  })

  test('as JSON has the whole decision', async () => {
    const { from } = await serve([200, target(deploy(estimate(-0.3, -0.33, -0.27)))])
    const { out } = await check({ from, json: true })
    expect(JSON.parse(out)).toMatchObject({ status: 1, deploy: { difference: { value: -0.3 } } })
  })

  test('names every wrong flag', () => {
    expect(
      parseDeployCheck({ target: '', since: '15', maxDrop: '5%', from: 'localhost:10967', wait: 'long' }),
    ).toEqual({
      errors: [
        '--since: expected a duration, such as 15m; got "15"',
        '--wait: expected a duration, such as 15m; got "long"',
        '--max-drop: expected a number from 0 to 1; got "5%"',
        '--from: expected an address such as http://127.0.0.1:10967; got "localhost:10967"',
        '--target: expected the name of a target; got ""',
      ],
    })
  })
})
