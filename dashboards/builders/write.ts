// Writes dashboards/*.json, and dashboards/import/*.json for the package, below the folder in which it is started.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { renderDashboards } from './dashboards.js'

// It is packed as it is: nothing of a dashboard that is gone may stay.
rmSync(join('dashboards', 'import'), { recursive: true, force: true })
for (const [file, text] of renderDashboards()) {
  const path = join('dashboards', file)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
