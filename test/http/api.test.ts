import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { WhatIfAnswer, WhatIfQuestion } from '../../src/api/what-if.js'
import type { Announced } from '../../src/http/deploy-route.js'
import type { Reloaded } from '../../src/http/lifecycle-routes.js'
import type { HttpServer, HttpServerOptions } from '../../src/http/server.js'
import type { AskWhatIf } from '../../src/http/what-if-route.js'
import { shop } from '../api/shop.js'
import { serveSmall } from '../support/http-defaults.js'

const TOKEN = 'a token of sufficient length'

let folder: string
let tokenFile: string
let announced: [string, string | undefined][]
let answer: Announced
let asked: WhatIfQuestion[]
let whatIf: Awaited<ReturnType<AskWhatIf>>
let logLines: readonly string[]
let reloaded: Reloaded
let server: HttpServer
let base: string

async function serve(change: Partial<HttpServerOptions> = {}): Promise<void> {
  const small = await serveSmall({
    metrics: { render: async () => ({ contentType: 'text/plain', body: '' }) },
    targets: () => [
      shop,
      { ...shop, name: 'prod/api/app' },
      { ...shop, name: 'a b/%?#é', deploy: undefined },
    ],
    announceDeploy: async (target, version) => {
      announced.push([target, version])
      return answer
    },
    tokenFile,
    askWhatIf: async (query) => {
      asked.push(query)
      return whatIf
    },
    reload: async () => reloaded,
    ...change,
  })
  server = small.server
  logLines = small.log
  base = `http://${small.address}`
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'amdahl-api-'))
  tokenFile = join(folder, 'token')
  writeFileSync(tokenFile, `${TOKEN}\n`)
  announced = []
  asked = []
  answer = { kind: 'recorded', timestampSeconds: 1_700_000_001 }
})
afterEach(async () => {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

function announce(body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`${base}/api/v1/deploys`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

async function outcome(response: Response): Promise<[number, unknown]> {
  return [response.status, await response.json()]
}

describe('targets', () => {
  beforeEach(() => serve())

  test('are given whole, without what is not known', async () => {
    const response = await fetch(`${base}/api/v1/targets`)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const { targets } = (await response.json()) as { targets: unknown[] }
    expect(targets).toHaveLength(3)
    expect(targets[0]).toEqual(JSON.parse(JSON.stringify(shop)))
  })

  test.each([
    ['shop', 'shop'],
    ['prod/api/app', 'prod/api/app'],
    [encodeURIComponent('prod/api/app'), 'prod/api/app'],
    [encodeURIComponent('a b/%?#é'), 'a b/%?#é'],
  ])('are found by name: %s', async (path, name) => {
    const response = await fetch(`${base}/api/v1/targets/${path}`)
    expect(await response.json()).toMatchObject({ name })
    expect((await fetch(`${base}/api/v1/targets/${path}`, { method: 'HEAD' })).status).toBe(200)
  })

  test.each(['mail', 'sho', '__proto__', ''])('%j is none', async (name) => {
    const [status, body] = await outcome(await fetch(`${base}/api/v1/targets/${name}`))
    expect(status).toBe(404)
    expect(body).toEqual({ error: expect.stringContaining('GET /api/v1/targets') })
  })
})

describe('what if', () => {
  const range = { value: 1, lower: 0.9, upper: 1.1 }
  const performance = {
    cpus: 2,
    clients: 4,
    parallelFraction: 0.5,
    throughput: undefined,
    utilization: range,
    queueLength: range,
    responseSeconds: undefined,
  }
  const answer: WhatIfAnswer = {
    target: 'shop',
    bottleneckLock: 'orders_lock',
    bottleneck: { kind: 'lock', name: 'orders_lock' },
    measured: { parallelFraction: range, utilization: 0.5, otherCpus: 0.25, queueLength: 1, heldAsleep: 0.5 },
    load: { clients: 4, thinkPerDemand: 2.5, fitted: ['think'] },
    now: performance,
    predicted: { ...performance, cpus: 4 },
    throughputRatio: range,
    responseRatio: range,
  }
  const ask = (query: string) => fetch(`${base}/api/v1/what-if?${query}`)

  beforeEach(() => serve())

  test('is answered; what is asked is handed on as numbers', async () => {
    whatIf = { ok: true, answer }
    const [status, body] = await outcome(
      await ask('target=a%20b&cpus=4&holdTimeCut=0.5&clientsNow=4&thinkSeconds=.25&throughput=12.5'),
    )
    expect([status, body]).toEqual([200, JSON.parse(JSON.stringify(answer))])
    expect(asked).toEqual([
      {
        target: 'a b',
        cpus: 4,
        clients: undefined,
        holdTimeCut: 0.5,
        clientsNow: 4,
        thinkSeconds: 0.25,
        demandSeconds: undefined,
        throughput: 12.5,
      },
    ])
  })

  test.each<[Awaited<ReturnType<AskWhatIf>>, number, string]>([
    [{ ok: 'unknown-target' }, 404, 'no such target now: GET /api/v1/targets lists them'],
    [{ ok: false, problem: 'p of shop is not known' }, 422, 'p of shop is not known'],
    [{ ok: 'busy' }, 503, 'another question is being answered: try again in a moment'],
    [{ ok: 'given-up', problem: 'it took too long' }, 503, 'it took too long'],
  ])('%j is %d', async (answered, status, error) => {
    whatIf = answered
    const response = await ask('target=shop&cpus=4')
    expect(response.headers.get('retry-after')).toBe(status === 503 ? '5' : null)
    expect(await outcome(response)).toEqual([status, { error }])
  })

  test.each([
    ['cpus=4', 'query.target: expected the name of a target, of 1 to 256 characters; it is missing'],
    ['target=', 'query.target: expected the name of a target, of 1 to 256 characters; got ""'],
    ['target=shop&cpus=many', 'query.cpus: expected a number of 0 or more, such as 4 or 0.25; got "many"'],
    ['target=shop&cpus=-1', 'query.cpus: expected a number of 0 or more, such as 4 or 0.25; got "-1"'],
    ['target=shop&cpus=1e9', 'query.cpus: expected a number of 0 or more, such as 4 or 0.25; got "1e9"'],
    [
      'target=shop&cpus=4&cpus=5',
      'query.cpus: expected a number of 0 or more, such as 4 or 0.25; got ["4","5"]',
    ],
    [
      'target=shop&cpu=4',
      'query: unknown field "cpu"; known are target, cpus, clients, holdTimeCut, clientsNow, thinkSeconds, demandSeconds, throughput',
    ],
  ])('%s is refused', async (query, message) => {
    const [status, body] = await outcome(await ask(query))
    expect(status).toBe(400)
    expect(body).toEqual({ error: message })
    expect(asked).toEqual([])
  })

  test('is limited per address', async () => {
    whatIf = { ok: 'busy' }
    const responses = []
    for (let question = 0; question < 21; question += 1) responses.push(await ask('target=shop'))
    expect(responses.map(({ status }) => status)).toEqual([...new Array<number>(20).fill(503), 429])
    expect(await responses.at(-1)?.json()).toEqual({ error: expect.stringContaining('too many questions') })
  })
})

describe('the OpenAPI document', () => {
  test('describes every route, and only what is there', async () => {
    await serve()
    const document = (await (await fetch(`${base}/api/v1/openapi.json`)).json()) as {
      openapi: string
      paths: Record<string, Record<string, { responses: Record<string, unknown> }>>
    }
    expect(document.openapi).toMatch(/^3\./)
    const routes = Object.entries(document.paths).map(([path, methods]) => [path, Object.keys(methods)])
    expect(routes).toEqual([
      ['/api/v1/targets', ['get']],
      ['/api/v1/targets/{name}', ['get']],
      ['/api/v1/what-if', ['get']],
      ['/api/v1/deploys', ['post']],
    ])
    expect(Object.keys(document.paths['/api/v1/deploys']?.post?.responses ?? {})).toEqual([
      '201',
      '400',
      '401',
      '403',
      '404',
      '413',
      '415',
      '429',
      '503',
    ])
  })
})

const A_TARGET = 'the name of a target, of 1 to 256 characters without control characters'

describe('announcing a deploy', () => {
  test('is taken with the token of the file, whatever it is now', async () => {
    await serve()
    const body = { target: 'shop', version: '1.4' }
    expect(await outcome(await announce(body))).toEqual([201, { ...body, timestampSeconds: 1_700_000_001 }])
    expect(await outcome(await announce({ target: 'shop' }))).toEqual([
      201,
      { target: 'shop', timestampSeconds: 1_700_000_001 },
    ])
    writeFileSync(tokenFile, 'another token of sufficient length')
    expect((await announce(body)).status).toBe(401)
    const other = { authorization: 'Bearer another token of sufficient length' }
    expect((await announce(body, other)).status).toBe(201)
    expect(announced).toEqual([
      ['shop', '1.4'],
      ['shop', undefined],
      ['shop', '1.4'],
    ])
  })

  test.each(['', 'Bearer', 'Bearer wrong', `Basic ${TOKEN}`, `${TOKEN}`, `Bearer ${TOKEN}x`])(
    'with authorization %j is refused',
    async (authorization) => {
      await serve()
      const response = await announce({ target: 'shop' }, { authorization })
      expect(response.headers.get('www-authenticate')).toBe('Bearer')
      expect(await outcome(response)).toEqual([401, { error: expect.stringContaining('Bearer TOKEN') }])
      expect(announced).toEqual([])
    },
  )

  test('is off without a token file', async () => {
    await serve({ tokenFile: undefined })
    expect(await outcome(await announce({ target: 'shop' }))).toEqual([
      403,
      { error: expect.stringContaining('--deploys.token-file') },
    ])
  })

  test.each([
    ['too short', 'short'],
    ['gone', undefined],
  ])('with a token that is %s says so in the log, once', async (_, token) => {
    if (token === undefined) rmSync(tokenFile)
    else writeFileSync(tokenFile, token)
    await serve()
    for (let times = 0; times < 3; times += 1) {
      const [status, body] = await outcome(
        await announce({ target: 'shop' }, { authorization: `Bearer ${token}` }),
      )
      expect(status).toBe(503)
      expect(JSON.stringify(body)).not.toContain(folder)
    }
    expect(logLines.filter((line) => line.includes('token file'))).toHaveLength(1)
    expect(announced).toEqual([])
  })

  test.each([
    [{}, `body.target: expected ${A_TARGET}; it is missing`],
    [{ target: 7 }, `body.target: expected ${A_TARGET}; got 7`],
    [{ target: '' }, `body.target: expected ${A_TARGET}; got ""`],
    [{ target: 'x'.repeat(257) }, `body.target: expected ${A_TARGET}; got "${'x'.repeat(58)}…`],
    [
      { target: 'shop', version: 'a\nb' },
      'body.version: expected a version, of 1 to 128 characters without control characters; got "a\\nb"',
    ],
    [{ target: 'shop', vers: '1' }, 'body: unknown field "vers"; known are target, version'],
    [['shop'], 'body: expected an object; got ["shop"]'],
    ['null', 'body: expected an object; got null'],
    ['{"target":', /JSON/],
    ['{"target":"shop","__proto__":{"a":1}}', /JSON/],
    ['', /empty|null/i],
  ])('as %j is refused', async (body, message) => {
    await serve()
    const [status, { error }] = (await outcome(await announce(body))) as [number, { error: string }]
    expect(status).toBe(400)
    if (typeof message === 'string') expect(error).toBe(message)
    else expect(error).toMatch(message)
    expect(announced).toEqual([])
  })

  test('of another type or size is refused', async () => {
    await serve()
    expect((await announce('target=shop', { 'content-type': 'text/plain' })).status).toBe(415)
    expect((await announce({ target: 'shop', version: 'x'.repeat(5000) })).status).toBe(413)
  })

  test.each<[Announced, number]>([
    [{ kind: 'unknown-target' }, 404],
    [{ kind: 'not-stored', reason: 'ENOSPC /var/lib' }, 503],
  ])('that ends as %j is told', async (kind, status) => {
    answer = kind
    await serve()
    const [code, body] = await outcome(await announce({ target: 'shop' }))
    expect(code).toBe(status)
    expect(JSON.stringify(body)).not.toContain('/var/lib')
  })

  test('is limited for wrong tokens only, and never refused for them where the token is right', async () => {
    await serve()
    const wrong: number[] = []
    for (let times = 0; times < 12; times += 1) {
      const response = await announce({ target: 'shop' }, { authorization: 'Bearer wrong' })
      wrong.push(response.status)
      if (response.status === 429) {
        expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
        expect(await response.json()).toEqual({ error: expect.stringContaining('too many wrong tokens') })
      }
      expect((await announce({ target: 'shop' })).status).toBe(201)
    }
    expect(wrong).toEqual([...new Array<number>(10).fill(401), 429, 429])
    expect(announced).toHaveLength(12)
  })
})

describe('reloading', () => {
  test('answers with what waits for a restart', async () => {
    reloaded = { ok: true, notes: ['tracer has changed: restart'] }
    await serve()
    const response = await fetch(`${base}/-/reload`, { method: 'POST' })
    expect([response.status, await response.text()]).toEqual([
      200,
      'Configuration read again\ntracer has changed: restart\n',
    ])
  })

  test('answers with all errors', async () => {
    reloaded = { ok: false, errors: ['a.yml:1:2: one', 'a.yml:3:4: two'] }
    await serve()
    const response = await fetch(`${base}/-/reload`, { method: 'POST' })
    expect([response.status, await response.text()]).toEqual([400, 'a.yml:1:2: one\na.yml:3:4: two\n'])
  })

  test('is off unless enabled', async () => {
    await serve({ reload: undefined })
    const response = await fetch(`${base}/-/reload`, { method: 'POST' })
    expect([response.status, await response.text()]).toEqual([
      403,
      expect.stringContaining('--web.enable-lifecycle'),
    ])
  })
})

describe('methods', () => {
  test.each([
    ['GET', '/-/reload', 405, 'POST'],
    ['GET', '/api/v1/deploys', 405, 'POST'],
    ['DELETE', '/api/v1/deploys', 405, 'POST'],
    ['POST', '/api/v1/targets', 405, 'GET, HEAD'],
    ['POST', '/metrics', 405, 'GET, HEAD'],
    ['GET', '/api/v1/nothing', 404, null],
  ])('%s %s: %d', async (method, path, status, allow) => {
    await serve()
    const response = await fetch(`${base}${path}`, { method })
    expect(response.status).toBe(status)
    expect(response.headers.get('allow')).toBe(allow)
    if (path.startsWith('/api/')) expect(await response.json()).toEqual({ error: expect.any(String) })
    else expect(await response.text()).toMatch(/\n$/)
  })
})
