import { createHttpServer, type HttpServer, type HttpServerOptions } from '../../src/http/server.js'
import { createLogger } from '../../src/log/logger.js'

/** Of a server that is asked for what it says, and not for who may ask. */
export const HTTP_DEFAULTS = {
  version: '0.1.0',
  telemetryPath: '/metrics',
  announceDeploy: async () => ({ kind: 'unknown-target' }),
  tokenFile: undefined,
  askWhatIf: async () => ({ ok: 'busy' }),
  reload: undefined,
  maxRequests: 40,
  externalUrl: undefined,
  hostNames: ['web1'],
  webConfig: undefined,
} as const satisfies Partial<HttpServerOptions>

/** A server that has little to say, on a loopback address. */
export interface SmallServer {
  readonly server: HttpServer
  /** HOST:PORT */
  readonly address: string
  readonly log: readonly string[]
}

export async function serveSmall(change: Partial<HttpServerOptions> = {}): Promise<SmallServer> {
  const log: string[] = []
  const server = createHttpServer({
    ...HTTP_DEFAULTS,
    logger: createLogger({
      level: 'debug',
      format: 'logfmt',
      destination: { write: (line) => log.push(line) },
    }),
    metrics: { render: async () => ({ contentType: 'text/plain', body: 'amdahl_up 1\n' }) },
    status: () => ({
      version: '0.1.0',
      ready: true,
      reasons: [],
      node: { cpus: 1, utilizationRatio: 0 },
      tracer: { backend: 'bpftrace', state: 'running', reason: undefined },
    }),
    targets: () => [],
    ...change,
  })
  await server.listen([{ host: '127.0.0.1', port: 0 }])
  return { server, address: server.addresses()[0] ?? '', log }
}
