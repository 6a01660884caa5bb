import type { Config } from './config.js'

/** Sections that are taken when the exporter starts. */
const FIXED = ['tracer', 'web', 'log', 'paths'] as const

/**
 * What runs after a reload: the configuration that was read again, but for what needs a restart.
 *
 * @returns the notes name what has changed and waits for a restart.
 */
export function mergeReloaded(
  running: Config,
  read: Config,
): { readonly config: Config; readonly notes: readonly string[] } {
  const changed: string[] = FIXED.filter((section) => !isEqual(running[section], read[section]))
  if (running.deploys.tokenFile !== read.deploys.tokenFile) changed.push('deploys.token_file')
  return {
    config: {
      ...running,
      estimate: read.estimate,
      targets: read.targets,
      limits: read.limits,
      deploys: { ...read.deploys, tokenFile: running.deploys.tokenFile },
    },
    notes: changed.map((part) => `${part} has changed: restart the exporter for it to take effect`),
  }
}

function isEqual(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
