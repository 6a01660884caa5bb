import type { Config } from '../config/config.js'
import { mergeReloaded } from '../config/reload.js'
import type { Reloaded } from '../http/lifecycle-routes.js'
import type { Logger } from '../log/logger.js'

export type ReadConfig = () => Promise<
  { readonly ok: true; readonly config: Config } | { readonly ok: false; readonly errors: readonly string[] }
>

/** Reads the configuration again. */
export interface Reloader {
  /** One that is not valid leaves all as it is. */
  reload(): Promise<Reloaded>
  /** Whether it was valid when it was read last, and when a valid one was read. Seconds after the epoch. */
  lastRead(): { readonly isValid: boolean; readonly readTimestampSeconds: number }
}

/**
 * @param initial What runs now.
 * @param apply Takes what may change while the exporter runs.
 */
export function createReloader(
  initial: Config,
  read: ReadConfig,
  apply: (config: Config) => Promise<void>,
  logger: Logger,
  nowSeconds: () => number,
): Reloader {
  let running = initial
  let lastRead = { isValid: true, readTimestampSeconds: nowSeconds() }
  return {
    async reload() {
      const result = await read()
      if (!result.ok) {
        lastRead = { ...lastRead, isValid: false }
        for (const error of result.errors) logger.error({}, `configuration refused: ${error}`)
        return result
      }
      const { config, notes } = mergeReloaded(running, result.config)
      running = config
      lastRead = { isValid: true, readTimestampSeconds: nowSeconds() }
      await apply(config)
      for (const note of notes) logger.warn({}, note)
      logger.info({ rules: config.targets.length }, 'configuration read again')
      return { ok: true, notes }
    },
    lastRead: () => lastRead,
  }
}
