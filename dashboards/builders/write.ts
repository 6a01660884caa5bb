// Writes dashboards/*.json and dashboards/import/*.json below the folder in which it is started.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { renderDashboards } from './dashboards.js'

for (const [file, text] of renderDashboards()) {
  const path = join('dashboards', file)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
