import { describeConfigError } from '../config/config-error.js'
import { createWebConfigReader } from '../config/web-config-reader.js'
import type { HttpServerOptions } from '../http/server.js'
import type { Logger } from '../log/logger.js'

type WebConfigSource = NonNullable<HttpServerOptions['webConfig']>

/** Reads a web configuration for each request and connection, and logs once what is wrong with it. @throws {Error} It is wrong now. */
export async function createWebAccess(file: string, logger: Logger): Promise<WebConfigSource> {
  const read = createWebConfigReader(file)
  const first = await read()
  if (!first.ok) throw new Error(first.errors.map(describeConfigError).join('; '))
  const isTls = first.config.tls !== undefined
  warn(file, first.config, isTls, logger)
  let logged: unknown = first
  return {
    isTls,
    async current() {
      const found = await read()
      const isNew = found !== logged
      logged = found
      if (!found.ok) {
        if (isNew)
          for (const error of found.errors)
            logger.error({}, `web configuration: ${describeConfigError(error)}`)
        return undefined
      }
      if (isNew) warn(file, found.config, isTls, logger)
      return found.config
    },
  }
}

function warn(
  file: string,
  { tls, exposedFiles }: { readonly tls: unknown; readonly exposedFiles: readonly string[] },
  isTls: boolean,
  logger: Logger,
): void {
  for (const key of exposedFiles)
    logger.warn({ file: key }, `every user may read the private key: chmod o= ${key}`)
  if ((tls !== undefined) !== isTls) {
    logger.error(
      { file },
      `TLS was turned ${isTls ? 'off' : 'on'}: restart the exporter for it to take effect`,
    )
  }
}
