import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Target } from '../../src/api/target.js'
import { parseSettings } from '../../src/config/settings.js'
import type { Address } from '../../src/http/listeners.js'
import { createHttpServer, type HttpServer } from '../../src/http/server.js'
import { createLogger } from '../../src/log/logger.js'
import type { StatusView } from '../../src/metrics/status.js'
import { shop } from '../api/shop.js'
import { HTTP_DEFAULTS } from '../support/http-defaults.js'

const LOOPBACK: Address = { host: '127.0.0.1', port: 0 }

let status: StatusView
let targets: readonly Target[]
let formats: string[]
let render: () => Promise<{ contentType: string; body: string }>
let logLines: string[]
let server: HttpServer
let base: string

function createServer(): HttpServer {
  return createHttpServer({
    ...HTTP_DEFAULTS,
    logger: createLogger({
      level: 'info',
      format: 'logfmt',
      destination: { write: (line) => logLines.push(line) },
    }),
    metrics: {
      render: (format) => {
        formats.push(format)
        return render()
      },
    },
    status: () => status,
    targets: () => targets,
  })
}

beforeEach(async () => {
  status = {
    version: '0.1.0',
    ready: true,
    reasons: [],
    node: { cpus: 8, utilizationRatio: 0.43 },
    tracer: { backend: 'bpftrace', state: 'running', reason: undefined },
  }
  targets = [shop]
  formats = []
  logLines = []
  render = async () => ({ contentType: 'text/plain; version=0.0.4; charset=utf-8', body: 'amdahl_up 1\n' })
  server = createServer()
  await server.listen([LOOPBACK])
  base = `http://${server.addresses()[0]}`
})
afterEach(() => server.close())

describe('metrics', () => {
  test('are what the view renders, with its content type', async () => {
    const response = await fetch(`${base}/metrics`)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(await response.text()).toBe('amdahl_up 1\n')
    expect(formats).toEqual(['text'])
  })

  test('have the format that the scraper accepts', async () => {
    await fetch(`${base}/metrics`, { headers: { accept: 'application/openmetrics-text' } })
    expect(formats).toEqual(['openmetrics'])
  })

  test('that cannot be rendered are a 500 whose reason is in the log only', async () => {
    render = () => Promise.reject(new Error('secret detail'))
    const response = await fetch(`${base}/metrics`)
    expect(response.status).toBe(500)
    expect(await response.text()).toBe('Internal error: the reason is in the log of amdahl_exporter\n')
    expect(logLines.join('')).toContain('level=error msg="request failed" path=/metrics err="secret detail"')
  })
})

describe('health', () => {
  test('healthy as long as it answers', async () => {
    const response = await fetch(`${base}/-/healthy`)
    expect([response.status, await response.text()]).toEqual([200, 'Healthy\n'])
  })

  test('ready', async () => {
    const response = await fetch(`${base}/-/ready`)
    expect([response.status, await response.text()]).toEqual([200, 'Ready\n'])
  })

  test('not ready: 503 and each reason on a line', async () => {
    status = { ...status, ready: false, reasons: ['no privilege: run as root', 'two\nlines'] }
    const response = await fetch(`${base}/-/ready`)
    expect([response.status, await response.text()]).toEqual([
      503,
      'Not ready\nno privilege: run as root\ntwo lines\n',
    ])
  })
})

describe('the page', () => {
  test('shows state, targets and links', async () => {
    const nothing = { reason: 'no-contention' } as const
    targets = [shop, { ...shop, name: 'mail', parallelFraction: { ownership: nothing, window: nothing } }]
    const page = await (await fetch(base)).text()
    for (const text of [
      'Version 0.1.0',
      'bpftrace: running',
      '<dd>8</dd>',
      '<dd>0.430</dd>',
      '0.500 (0.480–0.520)',
      'no-contention',
      '<td class="number">0.960</td><td>orders_lock</td>',
      '<td>1.4</td><td>regressed</td>',
      'href="/metrics"',
      'href="/-/healthy"',
      'href="/-/ready"',
    ]) {
      expect(page).toContain(text)
    }
  })

  test('escapes every name that comes from outside, and allows no script', async () => {
    const evil = `<script>"'&</script>\u0000`
    status = {
      version: evil,
      ready: false,
      reasons: [evil],
      node: { cpus: undefined, utilizationRatio: undefined },
      tracer: { backend: evil, state: evil, reason: evil },
    }
    targets = [
      {
        ...shop,
        name: evil,
        resources: [{ kind: 'lock', name: evil, utilizationRatio: 0.5 }],
        info: { version: evil },
      },
    ]
    const response = await fetch(base)
    const page = await response.text()
    expect(page).not.toContain('<script')
    expect(page.match(/&lt;script&gt;&quot;&#39;&amp;&lt;\/script&gt;\ufffd/g)).toHaveLength(8)
    expect(response.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
    )
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
  })
})

describe('other requests', () => {
  test.each(['/', '/metrics', '/-/healthy', '/-/ready'])('HEAD %s has headers and no body', async (path) => {
    const response = await fetch(base + path, { method: 'HEAD' })
    expect([response.status, await response.text()]).toEqual([200, ''])
    expect(Number(response.headers.get('content-length'))).toBeGreaterThan(0)
  })

  test.each(['/nowhere', '/metrics/', '/%2e%2e/etc/passwd', '/%zz'])(
    'GET %s is a 404 or a 400 of one line',
    async (path) => {
      const response = await fetch(base + path)
      expect([400, 404]).toContain(response.status)
      expect(await response.text()).toMatch(/^[^\n]+\n$/)
    },
  )

  test('a 404 names what there is, none of which the metrics could take the place of', async () => {
    const text = await (await fetch(`${base}/nowhere`)).text()
    expect(text).toBe(
      'Not found: there are / /metrics /-/healthy /-/ready /-/reload /api/v1/targets /api/v1/what-if /api/v1/deploys /api/v1/openapi.json /docs/readme\n',
    )
    for (const path of text.match(/\/\S*/g) ?? []) {
      const { ok } = parseSettings({ web: { telemetry_path: path } })
      expect([path, ok]).toEqual([path, path === '/metrics'])
    }
  })

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'PROPFIND'])('%s is a 405', async (method) => {
    const answer = await send(method, '/metrics', '{"not": "read"')
    expect(answer).toEqual({ status: 405, allow: 'GET, HEAD', body: 'Method not allowed: use GET or HEAD\n' })
    expect(formats).toEqual([])
  })
})

describe('listening', () => {
  test('on several addresses, all closed again', async () => {
    const other = createServer()
    await other.listen([LOOPBACK, { host: '127.0.0.2', port: 0 }])
    const addresses = other.addresses()
    expect(addresses).toHaveLength(2)
    for (const address of addresses) expect((await fetch(`http://${address}/-/healthy`)).status).toBe(200)
    await other.close()
    for (const address of addresses) await expect(fetch(`http://${address}/`)).rejects.toThrow()
  })

  test('without a host on all interfaces', async () => {
    const other = createServer()
    await other.listen([{ host: undefined, port: 0 }])
    const port = other.addresses()[0]?.split(':').at(-1)
    expect((await fetch(`http://127.0.0.1:${port}/-/healthy`)).status).toBe(200)
    await other.close()
  })

  test('an address in use is one clear line, and those opened before it are closed', async () => {
    const taken = Number(base.split(':').at(-1))
    const other = createServer()
    await expect(other.listen([LOOPBACK, { host: '127.0.0.1', port: taken }])).rejects.toThrow(
      `cannot listen on 127.0.0.1:${taken}: the address is in use; stop what uses it or choose another with --web.listen-address`,
    )
    expect(other.addresses()).toEqual([])
    await other.close()
  })

  test('closing does not wait for idle connections', async () => {
    const socket = connect(Number(base.split(':').at(-1)), '127.0.0.1')
    await new Promise((resolve) => socket.once('connect', resolve))
    const begin = performance.now()
    await server.close()
    expect(performance.now() - begin).toBeLessThan(3000)
    socket.destroy()
  })
})

/** fetch knows no PROPFIND with a body; this sends whatever it is told. */
function send(method: string, path: string, body: string) {
  return new Promise<{ status: number | undefined; allow: string | undefined; body: string }>(
    (resolve, reject) => {
      const request = httpRequest(base + path, { method, headers: { 'content-type': 'application/json' } })
      request.once('error', reject)
      request.once('response', (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
        })
        response.once('end', () =>
          resolve({ status: response.statusCode, allow: response.headers.allow, body: text }),
        )
      })
      request.end(body)
    },
  )
}
