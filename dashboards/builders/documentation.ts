import { placeholder } from './variables.js'

/** A place in the documentation that the exporter serves. */
export interface Passage {
  readonly title: string
  /** Below /docs/. */
  readonly path: string
}

export const READING: Passage = { title: 'How to read it', path: 'readme#how-to-read-it' }
export const DEPLOYS: Passage = {
  title: 'Did the last deploy make it worse?',
  path: 'readme#did-the-last-deploy-make-it-worse',
}
export const LIMITS: Passage = { title: 'What it cannot see', path: 'readme#what-it-cannot-see' }
export const CONFIGURATION: Passage = { title: 'Configuration', path: 'readme#configuration' }
export const DEPLOYING: Passage = { title: 'Deploying the exporter', path: 'readme#deploying' }
export const OVERHEAD: Passage = { title: 'What it costs', path: 'overhead' }
export const DEPLOY_TESTS: Passage = { title: 'How soon and how rightly deploys are judged', path: 'deploys' }

/** The section of an alert in the runbook. */
export function runbook(alert: string): Passage {
  return { title: `Runbook: ${alert}`, path: `runbook#${alert.toLowerCase()}` }
}

/** Address of a passage at an exporter that answers, which the variable docs names. */
export function urlOf({ path }: Passage): string {
  return `http://${placeholder('docs')}/docs/${path}`
}
