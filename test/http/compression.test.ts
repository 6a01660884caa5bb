import { request } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { acceptsGzip } from '../../src/http/accept.js'
import { type SmallServer, serveSmall } from '../support/http-defaults.js'

const BODY = 'amdahl_target_cpus{target="shop"} 4\n'.repeat(500)

let small: SmallServer | undefined
afterEach(() => small?.server.close())

/** fetch decompresses by itself. */
function get(path: string, encoding: string | undefined, method = 'GET') {
  return new Promise<{ headers: Readonly<Record<string, unknown>>; body: Buffer }>((resolve, reject) => {
    const headers = encoding === undefined ? {} : { 'accept-encoding': encoding }
    const asked = request(`http://${small?.address}${path}`, { method, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.once('end', () => resolve({ headers: response.headers, body: Buffer.concat(chunks) }))
    })
    asked.once('error', reject).end()
  })
}

test.each([
  ['gzip', true],
  ['GZIP', true],
  ['deflate, gzip;q=0.5', true],
  ['x-gzip', true],
  ['*', true],
  ['br, *;q=0.1', true],
  [undefined, false],
  ['', false],
  ['identity', false],
  ['br', false],
  ['gzip;q=0', false],
  ['gzip;q=0, *', false],
  ['*;q=0', false],
])('Accept-Encoding %j: %s', (header, takes) => expect(acceptsGzip(header)).toBe(takes))

test('metrics, page, API and documentation are compressed for who takes it', async () => {
  small = await serveSmall({ metrics: { render: async () => ({ contentType: 'text/plain', body: BODY }) } })
  for (const path of ['/metrics', '/', '/api/v1/openapi.json', '/docs/readme']) {
    const plain = await get(path, undefined)
    const compressed = await get(path, 'gzip')
    expect(plain.headers['content-encoding']).toBeUndefined()
    expect(compressed.headers).toMatchObject({
      'content-encoding': 'gzip',
      'content-length': String(compressed.body.length),
      'content-type': plain.headers['content-type'],
    })
    for (const { headers } of [plain, compressed]) expect(headers.vary).toMatch(/Accept-Encoding$/)
    expect(gunzipSync(compressed.body).equals(plain.body)).toBe(true)
    expect(compressed.body.length).toBeLessThan(plain.body.length * 0.6)
  }
  expect((await get('/metrics', 'gzip')).headers.vary).toBe('Accept, Accept-Encoding')
  const head = await get('/metrics', 'gzip', 'HEAD')
  expect([head.headers['content-encoding'], head.body.length]).toEqual(['gzip', 0])
})

test('what is short is not', async () => {
  small = await serveSmall()
  for (const path of ['/metrics', '/-/healthy', '/nowhere']) {
    expect((await get(path, 'gzip')).headers['content-encoding']).toBeUndefined()
  }
})
