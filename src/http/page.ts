import { createHash } from 'node:crypto'
import { escapeHtml } from './escape-html.js'

const STYLE = `
:root { color-scheme: light dark }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.2rem }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.2rem 1rem } dd { margin: 0 }
.wide { overflow-x: auto }
table { border-collapse: collapse }
th, td { padding: 0.3rem 0.8rem; border-bottom: 1px solid #8886; text-align: left; vertical-align: top }
pre { overflow-x: auto; padding: 0.5rem; background: #8882 }
img { max-width: 100%; background: white }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
`

/** Nothing but the page's own style, known by its hash, and the exporter's own figures: names on the page come from traced processes. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** A page in the one style that all pages share. @param body HTML. */
export function renderPage(title: string, body: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`
}
