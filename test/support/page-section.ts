import { existsSync, readFileSync, writeFileSync } from 'node:fs'

/** What stands below a heading; undefined where there is none. */
export function readSection(page: string, heading: string): string | undefined {
  const text = existsSync(page) ? readFileSync(page, 'utf8') : ''
  const [, ...sections] = `\n${text}`.split('\n## ')
  const section = sections.find((one) => one.startsWith(`${heading}\n`))
  return section?.slice(heading.length).trim()
}

/** Puts a section (its heading, and what stands below it) into a page: in place of the one of that heading, or at the end. */
export function writeSection(page: string, title: string, heading: string, body: string): void {
  const text = existsSync(page) ? readFileSync(page, 'utf8') : `# ${title}\n`
  const section = `## ${heading}\n\n${body.trim()}\n`
  const begin = text.indexOf(`## ${heading}\n`)
  const next = begin < 0 ? -1 : text.indexOf('\n## ', begin)
  const before = (begin < 0 ? text : text.slice(0, begin)).trimEnd()
  const after = next < 0 ? '' : text.slice(next)
  writeFileSync(page, `${before}\n\n${section}${after}`)
}
