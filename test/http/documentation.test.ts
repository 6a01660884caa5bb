import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fastify } from 'fastify'
import { describe, expect, test } from 'vitest'
import { addDocumentationRoutes } from '../../src/http/documentation.js'
import { ROOT } from '../e2e/support/exporter.js'

const pages = ['readme', ...readdirSync(join(ROOT, 'docs')).flatMap((file) => nameOf(file))]
const app = fastify()
addDocumentationRoutes(app)

function nameOf(file: string): readonly string[] {
  return file.endsWith('.md') ? [basename(file, '.md')] : []
}

async function get(path: string): Promise<{ readonly status: number; readonly body: string }> {
  const { statusCode, body } = await app.inject(path)
  return { status: statusCode, body }
}

describe('the documentation', () => {
  test.each(pages)('has %s as a page, whose links lead somewhere', async (page) => {
    const { status, body } = await get(`/docs/${page}`)
    expect(status).toBe(200)
    expect(body).toMatch(/<h1 id="[^"]+">/)
    for (const [, source = ''] of body.matchAll(/<img src="([^"]*)"/g)) {
      const figure = await app.inject(`/docs/${source}`)
      expect(figure.statusCode, source).toBe(200)
      expect(figure.headers['content-type']).toBe('image/svg+xml')
      expect(figure.headers['content-security-policy']).toContain("default-src 'none'")
      expect(figure.body).toMatch(/^<svg /)
    }
    for (const [, href = ''] of body.matchAll(/<a href="([^"]*)"/g)) {
      if (href.startsWith('http')) continue
      const [path = '', anchor] = href.split('#')
      const target = path === '' ? body : (await get(path)).body
      if (path !== '') expect((await get(path)).status, href).toBe(200)
      if (anchor !== undefined) expect(target, href).toContain(`id="${anchor}"`)
    }
  })

  test('leads from one page to another', async () => {
    const { body } = await get('/docs/readme')
    expect(body).toContain('<a href="/docs/accuracy">')
    expect(body).toContain('<a href="#targets">')
    // A file that is no page.
    expect(body).not.toContain('href="deploy/')
  })

  test.each(['nothing', '..%2fpackage.json', 'README', '__proto__'])('has no page %s', async (page) => {
    const { status, body } = await get(`/docs/${page}`)
    expect(status).toBe(404)
    expect(body).toContain('/docs/readme')
  })

  test.each(['nothing.svg', '..%2f..%2fpackage.json', ''])('has no figure %j', async (file) => {
    expect((await app.inject(`/docs/figures/${file}`)).statusCode).toBe(404)
  })

  test('may run no script', async () => {
    const { headers } = await app.inject('/docs/readme')
    expect(headers['content-security-policy']).toContain("default-src 'none'")
  })
})
