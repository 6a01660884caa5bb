import type { IncomingHttpHeaders } from 'node:http'
import { request } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { findOtherSite } from '../../src/http/browser.js'
import { createKnownHosts } from '../../src/http/known-host.js'
import { type SmallServer, serveSmall } from '../support/http-defaults.js'

const RULES = {
  isKnownHost: createKnownHosts(['web1', 'ext.example']),
  externalOrigin: 'https://ext.example',
}
const OTHER_SITE = expect.stringContaining('another site')
const OTHER_NAME = expect.stringContaining('--web.external-url')
const BROWSER = { 'user-agent': 'Mozilla/5.0 (X11)', 'accept-language': 'en' }
const OWN = { host: '127.0.0.1:10967' }

describe('what is let in', () => {
  test.each<[string, string, IncomingHttpHeaders]>([
    ['curl', 'POST', { host: 'any.example', 'user-agent': 'curl/7.88.1', accept: '*/*' }],
    ['Prometheus by any name', 'GET', { host: 'alias.example', 'user-agent': 'Prometheus/2.42.0' }],
    [
      'fetch of Node.js',
      'POST',
      { host: 'alias.example', 'user-agent': 'node', 'accept-language': '*', 'sec-fetch-mode': 'cors' },
    ],
    ['HTTP/1.0 without Host', 'GET', {}],
    ['a person by address', 'GET', { ...BROWSER, ...OWN }],
    ['a person by name', 'GET', { ...BROWSER, host: 'web1:10967' }],
    [
      'the page itself',
      'POST',
      { ...BROWSER, ...OWN, origin: 'http://127.0.0.1:10967', 'sec-fetch-site': 'same-origin' },
    ],
    ['typed in', 'GET', { ...BROWSER, ...OWN, 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }],
    [
      'a link of a dashboard',
      'GET',
      { ...BROWSER, ...OWN, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
    ],
    ['a proxy that changes Host', 'POST', { ...BROWSER, ...OWN, origin: 'https://ext.example' }],
    ['HTTP/2', 'GET', { ...BROWSER, ':authority': 'localhost:10967' }],
  ])('%s', (_, method, headers) => {
    expect(findOtherSite(method, headers, RULES)).toBeUndefined()
  })
})

describe('what is refused', () => {
  test.each<[string, string, IncomingHttpHeaders, unknown]>([
    ['a form of another site', 'POST', { ...BROWSER, ...OWN, origin: 'https://evil.example' }, OTHER_SITE],
    ['a form of a sandboxed frame', 'POST', { ...BROWSER, ...OWN, origin: 'null' }, OTHER_SITE],
    [
      'a POST that says it is a link',
      'POST',
      { ...BROWSER, ...OWN, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
      OTHER_SITE,
    ],
    ['another port', 'POST', { ...OWN, origin: 'http://127.0.0.1:3000' }, OTHER_SITE],
    [
      'a neighbour of the external name',
      'POST',
      { host: 'ext.example', 'sec-fetch-site': 'same-site' },
      OTHER_SITE,
    ],
    [
      'a picture',
      'GET',
      { ...BROWSER, ...OWN, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
      OTHER_SITE,
    ],
    ['fetch of another site', 'GET', { ...BROWSER, ...OWN, origin: 'https://evil.example' }, OTHER_SITE],
    ['rebinding that reads', 'GET', { ...BROWSER, host: 'evil.example:10967' }, OTHER_NAME],
    [
      'rebinding that hides',
      'GET',
      { host: 'evil.example:10967', 'user-agent': 'curl', 'accept-language': '*' },
      OTHER_NAME,
    ],
    ['rebinding that writes', 'POST', { host: 'evil.example', origin: 'http://evil.example' }, OTHER_NAME],
    ['rebinding over HTTP/2', 'GET', { ...BROWSER, ':authority': 'evil.example' }, OTHER_NAME],
  ])('%s', (_, method, headers, problem) => {
    expect(findOtherSite(method, headers, RULES)).toEqual(problem)
  })
})

describe('over HTTP', () => {
  let small: SmallServer
  let reloads: number
  afterEach(() => small.server.close())

  /** fetch does not let Host be chosen. */
  function ask(method: string, path: string, headers: Readonly<Record<string, string>>, body = '') {
    return new Promise<[number | undefined, string]>((resolve, reject) => {
      const asked = request(`http://${small.address}${path}`, { method, headers }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk) => {
          text += chunk
        })
        response.once('end', () => resolve([response.statusCode, text]))
      })
      asked.once('error', reject).end(body)
    })
  }

  async function serve(): Promise<void> {
    reloads = 0
    small = await serveSmall({
      reload: async () => {
        reloads++
        return { ok: true, notes: [] }
      },
    })
  }

  test('a script reloads, and a page of another site does not', async () => {
    await serve()
    expect(await ask('POST', '/-/reload', {})).toEqual([200, 'Configuration read again\n'])
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'https://evil.example', 'content-type': 'text/plain' },
      { 'sec-fetch-site': 'cross-site' },
      { origin: 'http://evil.example', host: 'evil.example' },
    ]) {
      expect(await ask('POST', '/-/reload', headers)).toEqual([
        403,
        expect.stringMatching(/^Forbidden: .+\n$/),
      ])
    }
    expect(reloads).toBe(1)
  })

  test('a body that is no JSON is not taken', async () => {
    await serve()
    for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
      expect(await ask('POST', '/-/reload', { 'content-type': type }, 'a=1')).toEqual([
        415,
        expect.any(String),
      ])
    }
    expect(reloads).toBe(0)
    expect(await ask('POST', '/-/reload', { 'content-type': 'application/json' }, '{}')).toEqual([
      200,
      expect.any(String),
    ])
  })

  test('the API says so in JSON, also for a target and to who reads', async () => {
    await serve()
    const [status, body] = await ask('GET', '/api/v1/targets', {
      host: 'evil.example',
      'user-agent': 'Mozilla/5.0',
    })
    expect([status, JSON.parse(body)]).toEqual([403, { error: OTHER_NAME }])
  })

  test.each([{ 'x-forwarded-for': '192.0.2.1' }, { forwarded: 'for=192.0.2.1' }, { via: '1.1 proxy' }])(
    'who comes through a proxy, with %o, is no local one',
    async (headers) => {
      await serve()
      expect(await ask('POST', '/-/reload', headers)).toEqual([
        403,
        expect.stringContaining('--deploys.token-file'),
      ])
      expect(reloads).toBe(0)
    },
  )
})
