import { afterEach, beforeEach, expect, test } from 'vitest'
import { type SmallServer, serveSmall } from '../support/http-defaults.js'

let small: SmallServer
beforeEach(async () => {
  small = await serveSmall({
    externalUrl: { origin: 'https://example.org', host: 'example.org', prefix: '/amdahl' },
  })
})
afterEach(() => small.server.close())

async function get(path: string): Promise<string> {
  const response = await fetch(`http://${small.address}${path}`)
  expect([path, response.status]).toEqual([path, 200])
  return response.text()
}

test('all links of the page and of the documentation lead there, by its prefix', async () => {
  for (const path of ['/', '/docs/readme', '/docs/runbook']) {
    const links = [...(await get(path)).matchAll(/(?:href|src)="(\/[^"]*)"/g)].map(([, link]) => link)
    expect(links.length).toBeGreaterThan(1)
    for (const link of links) expect(link).toMatch(/^\/amdahl\/[^/]/)
    for (const link of new Set(links.filter((link) => link !== '/amdahl/-/ready'))) await get(String(link))
  }
})

test('both with the prefix and without, for proxies that take it away', async () => {
  expect(await get('/amdahl')).toBe(await get('/'))
  expect(await get('/amdahl/')).toBe(await get('/'))
  expect(await get('/amdahl/metrics?a=b')).toBe(await get('/metrics'))
  expect((await fetch(`http://${small.address}/amdahlia`)).status).toBe(404)
  expect((await fetch(`http://${small.address}/amdahl/nothing`)).status).toBe(404)
})

test('the API says where it is', async () => {
  expect(JSON.parse(await get('/api/v1/openapi.json'))).toMatchObject({
    servers: [{ url: 'https://example.org/amdahl' }],
  })
})
