import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { IsKnownHost } from './known-host.js'
import { sendError } from './send-error.js'

export interface BrowserRules {
  readonly isKnownHost: IsKnownHost
  /** Scheme, host and port that people see, where that is set. */
  readonly externalOrigin: string | undefined
}

/** Keeps pages of other sites from asking in the name of who looks at them. Scrapers and scripts are not concerned. */
export function refuseOtherSites(app: FastifyInstance, rules: BrowserRules): void {
  app.addHook('onRequest', ({ method, headers, url }, reply, done) => {
    const problem = findOtherSite(method, headers, rules)
    if (problem === undefined) return done()
    sendError(reply.code(403), url, `Forbidden: ${problem}`)
  })
}

/** Why a request has to be refused that a browser sent for a page; undefined: it has not. */
export function findOtherSite(
  method: string,
  headers: IncomingHttpHeaders,
  { isKnownHost, externalOrigin }: BrowserRules,
): string | undefined {
  if (!isFromBrowser(headers)) return undefined
  const host = String(headers[':authority'] ?? headers.host ?? '')
  // A name that its owner points to this machine makes his page and the exporter one site: DNS rebinding.
  if (!isKnownHost(host)) {
    return 'browsers may come by an IP address, localhost or the name of this machine; allow another with --web.external-url'
  }
  const { origin, 'sec-fetch-site': site, 'sec-fetch-mode': mode } = headers
  const isOther = site === 'cross-site' || site === 'same-site' || !isOwnOrigin(origin, host, externalOrigin)
  // Links lead here from dashboards and alerts.
  const isLink = (method === 'GET' || method === 'HEAD') && mode === 'navigate' && origin === undefined
  return isOther && !isLink ? 'a page of another site asks; open the page of the exporter itself' : undefined
}

/**
 * What every browser sends, and a page can change but not remove. Sec-Fetch-Site comes over HTTPS and to this machine
 * only (Fetch Metadata, §2); fetch of Node.js sends Accept-Language too, with Sec-Fetch-Mode, which no page can add.
 */
function isFromBrowser(headers: IncomingHttpHeaders): boolean {
  return (
    headers.origin !== undefined ||
    headers['sec-fetch-site'] !== undefined ||
    /^Mozilla\//.test(headers['user-agent'] ?? '') ||
    (headers['accept-language'] !== undefined && headers['sec-fetch-mode'] === undefined)
  )
}

function isOwnOrigin(origin: string | undefined, host: string, externalOrigin: string | undefined): boolean {
  return origin === undefined || origin === externalOrigin || /^https?:\/\/(.*)$/.exec(origin)?.[1] === host
}
