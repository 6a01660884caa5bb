import { capacity } from './capacity.js'
import { deploys } from './deploys.js'
import { health } from './health.js'
import { importable } from './import-variant.js'
import { overview } from './overview.js'
import { service } from './service.js'

/** The text of every file that is made here, by its path below dashboards/. */
export function renderDashboards(): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  for (const dashboard of [overview(), service(), deploys(), capacity(), health()]) {
    const name = `${dashboard.uid}.json`
    files.set(name, render(dashboard))
    files.set(`import/${name}`, render(importable(dashboard)))
  }
  return files
}

/** As Biome formats it: lists of words and numbers are on one line. */
function render(value: object): string {
  const text = JSON.stringify(value, null, 2)
  const lists = /\[\n\s+([^[\]{}]*?)\n\s+\]/g
  return `${text.replace(lists, (_, items: string) => `[${items.replace(/,\n\s+/g, ', ')}]`)}\n`
}
