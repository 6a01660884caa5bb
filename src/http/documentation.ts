import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { Marked } from 'marked'
import { gfmHeadingId } from 'marked-gfm-heading-id'
import { CONTENT_SECURITY_POLICY, renderPage } from './page.js'

const ROOT = new URL('../../', import.meta.url)
/** What begins so is on the network, not in this package. */
const ELSEWHERE = /^[a-z]+:/
/** A figure that is opened by itself may be drawn, and no more. */
const FIGURE_SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

/**
 * Serves the documentation that came with this version: README.md as /docs/readme, docs/NAME.md as /docs/NAME, and
 * docs/figures/NAME.svg at the same path. Alerts and dashboards link to it.
 *
 * @param prefix Of its paths, to people.
 */
export function addDocumentationRoutes(app: FastifyInstance, prefix = '', root: URL = ROOT): void {
  const files = new Map([['readme', new URL('README.md', root)]])
  for (const file of readNames(new URL('docs/', root), '.md')) {
    files.set(basename(file, '.md'), new URL(`docs/${file}`, root))
  }
  const figures = new Set(readNames(new URL('docs/figures/', root), '.svg'))
  app.get<{ Params: { file: string } }>('/docs/figures/:file', async ({ params: { file } }, reply) => {
    if (!figures.has(file)) return reply.callNotFound()
    reply.type('image/svg+xml').header('content-security-policy', FIGURE_SECURITY_POLICY)
    return reply.send(readFileSync(new URL(`docs/figures/${file}`, root)))
  })
  const rendered = new Map<string, string>()
  const sendPage = (page: string, reply: FastifyReply) => {
    const file = files.get(page)
    if (!file) {
      reply.code(404).type('text/plain; charset=utf-8')
      return reply.send(
        `Not found: there are ${[...files.keys()].map((name) => `/docs/${name}`).join(' ')}\n`,
      )
    }
    const html = rendered.get(page) ?? render(page, readFileSync(file, 'utf8'), files, prefix)
    rendered.set(page, html)
    reply.type('text/html; charset=utf-8').header('content-security-policy', CONTENT_SECURITY_POLICY)
    return reply.send(html)
  }
  app.get('/docs/readme', async (_, reply) => sendPage('readme', reply))
  app.get<{ Params: { page: string } }>('/docs/:page', async ({ params: { page } }, reply) =>
    sendPage(page, reply),
  )
}

/** A package without its docs folder has the README only. */
function readNames(folder: URL, ending: string): readonly string[] {
  try {
    return readdirSync(folder).filter((file) => file.endsWith(ending))
  } catch {
    return []
  }
}

function render(page: string, markdown: string, pages: ReadonlyMap<string, URL>, prefix: string): string {
  const marked = new Marked(gfmHeadingId(), {
    renderer: {
      link({ href, tokens }) {
        const text = this.parser.parseInline(tokens)
        const target = ELSEWHERE.test(href) || href.startsWith('#') ? href : pathOf(href, pages, prefix)
        // A file of the package that is no page: its name says where it is.
        return target === undefined ? text : `<a href="${target}">${text}</a>`
      },
    },
  })
  return renderPage(`amdahl_exporter: ${page}`, String(marked.parse(markdown, { async: false })))
}

/** `docs/runbook.md#anchor` and `runbook.md#anchor` are /docs/runbook#anchor. */
function pathOf(href: string, pages: ReadonlyMap<string, URL>, prefix: string): string | undefined {
  const [file = '', anchor] = href.split('#')
  const name = basename(file, '.md').toLowerCase()
  if (!file.endsWith('.md') || !pages.has(name)) return undefined
  return `${prefix}/docs/${name}${anchor === undefined ? '' : `#${anchor}`}`
}
