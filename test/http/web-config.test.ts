import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectHttp2 } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hashSync } from '@node-rs/bcrypt'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createWebAccess } from '../../src/app/web-access.js'
import type { HttpServerOptions } from '../../src/http/server.js'
import { createLogger } from '../../src/log/logger.js'
import { CLIENT_NAMES, writeCertificates } from '../support/certificates.js'
import { type SmallServer, serveSmall } from '../support/http-defaults.js'

const TLS = 'tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n'
const USERS = `basic_auth_users:\n  alice: ${hashSync('secret', 4)}\n`
const TOKEN = 'a token of sufficient length'

let folder: string
let small: SmallServer | undefined
let log: string[]
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'amdahl-web-'))
  writeCertificates(folder)
  writeFileSync(join(folder, 'token'), TOKEN, { mode: 0o600 })
})
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(async () => {
  await small?.server.close()
  small = undefined
})

function configure(text: string): void {
  writeFileSync(join(folder, 'web.yml'), text)
}

async function serve(text: string, change: Partial<HttpServerOptions> = {}): Promise<void> {
  configure(text)
  log = []
  const logger = createLogger({
    level: 'debug',
    format: 'logfmt',
    destination: { write: (line) => log.push(line) },
  })
  const webConfig = await createWebAccess(join(folder, 'web.yml'), logger)
  small = await serveSmall({ webConfig, logger, ...change })
}

interface CurlAnswer {
  /** Of curl: 0 if there was an answer. */
  readonly status: number
  /** Of HTTP; 0 if there was none. */
  readonly code: number
  readonly version: string
  readonly headers: string
  readonly body: string
}

/** Asks as users do. @param scheme Without it as with https. */
function curl(path: string, ...argv: string[]): Promise<CurlAnswer> {
  const port = small?.address.split(':')[1]
  const url = `https://localhost:${port}${path}`
  const own = ['-sS', '-i', '--max-time', '20', '--resolve', `localhost:${port}:127.0.0.1`]
  const end = ['-w', '\n%{http_code} %{http_version}']
  const url2 = argv.includes('--plain') ? url.replace('https', 'http') : url
  const rest = argv.filter((argument) => argument !== '--plain')
  return new Promise((resolve) => {
    execFile('curl', [...own, ...rest, ...end, url2], { cwd: folder }, (error, stdout) => {
      const lines = stdout.replaceAll('\r', '').split('\n')
      const [code = '0', version = ''] = (lines.pop() ?? '').split(' ')
      const [headers = '', ...body] = lines.join('\n').split('\n\n')
      const status = error ? Number(error.code) : 0
      resolve({ status, code: Number(code), version, headers, body: body.join('\n\n') })
    })
  })
}

const CA = ['--cacert', 'ca.pem']
const CLIENT = [...CA, '--cert', 'client.pem', '--key', 'client.key']
const STRANGER = [...CA, '--cert', 'stranger.pem', '--key', 'stranger.key']

describe('TLS', () => {
  test('serves HTTP/2 and HTTP/1.1, and nothing without it', async () => {
    await serve(TLS)
    expect(await curl('/metrics', ...CA)).toMatchObject({
      status: 0,
      code: 200,
      version: '2',
      body: 'amdahl_up 1\n',
    })
    expect(await curl('/metrics', ...CA, '--http1.1')).toMatchObject({
      code: 200,
      version: '1.1',
      body: 'amdahl_up 1\n',
    })
    expect(await curl('/docs/readme', ...CA, '--compressed')).toMatchObject({
      code: 200,
      version: '2',
      headers: expect.stringContaining('content-encoding: gzip'),
      body: expect.stringContaining('<!DOCTYPE html>'),
    })
    expect(await curl('/-/reload', ...CA, '-X', 'PUT')).toMatchObject({ code: 405, version: '2' })
    // Without the authority, and without TLS.
    expect((await curl('/metrics')).status).toBe(60)
    expect((await curl('/metrics', '--plain')).code).toBe(0)
    expect((await curl('/metrics', ...CA)).code).toBe(200)
  })

  test('without HTTP/2 where that is off', async () => {
    await serve(`${TLS}http_server_config: {http2: false}\n`)
    expect(await curl('/metrics', ...CA, '--http2')).toMatchObject({ code: 200, version: '1.1' })
  })

  test.each([
    ['NoClientCert', [200, 200, 200]],
    ['RequestClientCert', [200, 200, 200]],
    ['RequireAnyClientCert', [0, 200, 200]],
    ['VerifyClientCertIfGiven', [200, 200, 0]],
    ['RequireAndVerifyClientCert', [0, 200, 0]],
  ])('%s: without a certificate, with one, with that of a stranger', async (type, codes) => {
    const authorities = type === 'NoClientCert' ? '' : '  client_ca_file: ca.pem\n'
    await serve(`${TLS}  client_auth_type: ${type}\n${authorities}`)
    for (const version of ['--http2', '--http1.1']) {
      const answers = await Promise.all(
        [CA, CLIENT, STRANGER].map((argv) => curl('/metrics', ...argv, version)),
      )
      expect(answers.map(({ code }) => code)).toEqual(codes)
    }
  })

  test('with names of clients', async () => {
    const text = `${TLS}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n`
    await serve(text)
    for (const [, name] of CLIENT_NAMES) {
      configure(`${text}  client_allowed_sans: [other.example, "${name}"]\n`)
      expect([name, (await curl('/metrics', ...CLIENT)).code]).toEqual([name, 200])
    }
    configure(`${text}  client_allowed_sans: [other.example, DNS:prometheus.example]\n`)
    expect((await curl('/metrics', ...CLIENT)).code).toBe(0)
    expect(log.join('')).toContain('the certificate of the client has no allowed name')
  })

  test.each([
    ['min_version: TLS13', ['--tls-max', '1.2'], 0],
    ['min_version: TLS13', ['--tlsv1.3'], 200],
    ['max_version: TLS12', ['--tlsv1.3'], 0],
    ['min_version: TLS12', ['--tls-max', '1.2'], 200],
    ['min_version: TLS10', ['--tls-max', '1.1', '--ciphers', 'DEFAULT@SECLEVEL=0'], 200],
    ['min_version: TLS12', ['--tls-max', '1.1', '--ciphers', 'DEFAULT@SECLEVEL=0'], 0],
    [
      'cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]',
      ['--tls-max', '1.2', '--ciphers', 'ECDHE-ECDSA-AES128-GCM-SHA256'],
      0,
    ],
    [
      'cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]',
      ['--tls-max', '1.2', '--ciphers', 'ECDHE-ECDSA-AES256-GCM-SHA384'],
      200,
    ],
    ['curve_preferences: [CurveP384]', ['--curves', 'X25519'], 0],
    ['curve_preferences: [CurveP384]', ['--curves', 'secp384r1'], 200],
  ])('%s, curl %j: %d', async (setting, argv, code) => {
    await serve(`${TLS}  ${setting}\n`)
    expect((await curl('/metrics', ...CA, ...argv)).code).toBe(code)
  })

  test('takes another certificate for the next connection, and none while it is damaged', async () => {
    await serve(TLS)
    expect((await curl('/metrics', ...CA)).code).toBe(200)
    configure(TLS.replaceAll('server.', 'stranger.'))
    expect((await curl('/metrics', ...CA)).status).toBe(60)
    expect((await curl('/metrics', '--cacert', 'stranger.pem')).status).toBe(60)
    expect((await curl('/metrics', '-k')).code).toBe(200)
    configure(TLS.replace('server.pem', 'junk.pem'))
    expect((await curl('/metrics', ...CA)).code).toBe(0)
    expect((await curl('/metrics', ...CA)).code).toBe(0)
    expect(
      log.filter((line) => line.includes('web.yml:2:14: tls_server_config.cert_file: no certificate')),
    ).toHaveLength(1)
    configure(TLS)
    expect((await curl('/metrics', ...CA)).code).toBe(200)
    configure('')
    expect((await curl('/metrics', ...CA)).code).toBe(0)
    expect(log.join('')).toContain('TLS was turned off: restart the exporter for it to take effect')
  })

  test('many streams of one connection are answered, and clients that take nothing keep nobody out', async () => {
    await serve(TLS)
    const port = Number(small?.address.split(':')[1])
    const silent = Array.from({ length: 20 }, () => {
      const session = connectHttp2(`https://localhost:${port}`, {
        rejectUnauthorized: false,
        settings: { initialWindowSize: 0 },
      })
      session.on('error', () => {})
      for (let count = 0; count < 8; count++)
        session.request({ ':path': '/docs/readme' }).on('error', () => {})
      return session
    })
    await Promise.all(
      silent.map((session) => new Promise((resolve) => session.once('remoteSettings', resolve))),
    )
    expect((await curl('/metrics', ...CA)).code).toBe(200)
    for (const session of silent) session.destroy()

    const paths = Array.from({ length: 30 }, (_, index) => `https://localhost:${port}/docs/readme?${index}`)
    const each = paths.flatMap((path) => ['-o', '/dev/null', path])
    const { status, code } = await curl('/metrics', ...CA, '--parallel', '-f', ...each, '-o', '/dev/null')
    expect([status, code]).toEqual([0, 200])
  })
})

describe('users', () => {
  test('may see everything, and nobody else anything, not even whether it is healthy', async () => {
    await serve(TLS + USERS)
    for (const path of [
      '/',
      '/metrics',
      '/-/healthy',
      '/-/ready',
      '/api/v1/targets',
      '/docs/readme',
      '/nowhere',
    ]) {
      for (const who of [[], ['-u', 'alice:wrong'], ['-u', 'bob:secret']]) {
        expect(await curl(path, ...CA, ...who)).toMatchObject({
          code: 401,
          headers: expect.stringMatching(/^www-authenticate: Basic /im),
        })
      }
      expect((await curl(path, ...CA, '-u', 'alice:secret')).code).toBe(path === '/nowhere' ? 404 : 200)
    }
    expect((await curl('/-/reload', ...CA, '-X', 'POST')).code).toBe(401)
  })

  test('without TLS, as soon as the file has them', async () => {
    await serve('')
    expect((await curl('/metrics', '--plain')).code).toBe(200)
    configure(USERS)
    expect((await curl('/metrics', '--plain')).code).toBe(401)
    expect((await curl('/metrics', '--plain', '-u', 'alice:secret')).code).toBe(200)
    configure(USERS.replace('alice', 'bob'))
    expect((await curl('/metrics', '--plain', '-u', 'alice:secret')).code).toBe(401)
    configure('basic_auth_users: {alice: secret}')
    expect(await curl('/metrics', '--plain', '-u', 'alice:secret')).toMatchObject({
      code: 500,
      body: expect.not.stringContaining('secret'),
    })
    expect((await curl('/metrics', '--plain')).code).toBe(500)
    expect(log.filter((line) => line.includes('web.yml:1:27: basic_auth_users.alice'))).toHaveLength(1)
    configure(TLS)
    expect((await curl('/metrics', '--plain')).code).toBe(200)
    expect(log.join('')).toContain('TLS was turned on: restart the exporter for it to take effect')
  })

  test('announce deploys and reload; so does the token, and it does nothing else', async () => {
    const announced: string[] = []
    await serve(USERS, {
      tokenFile: join(folder, 'token'),
      reload: async () => ({ ok: true, notes: [] }),
      announceDeploy: async (target) => {
        announced.push(target)
        return { kind: 'recorded', timestampSeconds: 1 }
      },
    })
    const post = ['--plain', '-X', 'POST']
    const body = ['-H', 'Content-Type: application/json', '-d', '{"target":"shop"}']
    const user = ['-u', 'alice:secret']
    const token = ['-H', `Authorization: Bearer ${TOKEN}`]
    const wrong = ['-H', 'Authorization: Bearer wrong']
    const codes = async (path: string, ...argv: string[]) =>
      Promise.all([[], user, token, wrong].map(async (who) => (await curl(path, ...argv, ...who)).code))
    expect(await codes('/api/v1/deploys', ...post, ...body)).toEqual([401, 201, 201, 401])
    expect(announced).toHaveLength(2)
    expect(await codes('/-/reload', ...post)).toEqual([401, 200, 200, 401])
    expect(await codes('/-/reload', ...post, '-H', 'X-Forwarded-For: 192.0.2.1')).toEqual([
      401, 200, 200, 401,
    ])
    expect(await codes('/metrics', '--plain')).toEqual([401, 200, 401, 401])
  })

  test('may announce deploys without a token file', async () => {
    await serve(USERS, { announceDeploy: async () => ({ kind: 'recorded', timestampSeconds: 1 }) })
    const body = ['-H', 'Content-Type: application/json', '-d', '{"target":"shop"}']
    expect((await curl('/api/v1/deploys', '--plain', '-u', 'alice:secret', ...body)).code).toBe(201)
  })
})

describe('headers and rate', () => {
  test('headers are on every answer', async () => {
    await serve(
      `http_server_config:\n  headers:\n    X-Frame-Options: deny\n    Strict-Transport-Security: max-age=1\n${USERS}`,
    )
    for (const [path, ...argv] of [
      ['/metrics', '-u', 'alice:secret'],
      ['/metrics'],
      ['/nowhere', '-u', 'alice:secret'],
    ]) {
      const { headers } = await curl(String(path), '--plain', ...argv)
      expect(headers).toMatch(/^x-frame-options: deny$/im)
      expect(headers).toMatch(/^strict-transport-security: max-age=1$/im)
    }
  })

  test('more requests than the rate are 429', async () => {
    await serve('rate_limit: {burst: 2, interval: 1h}')
    const codes = []
    for (let times = 0; times < 4; times++) codes.push((await curl('/metrics', '--plain')).code)
    expect(codes).toEqual([200, 200, 429, 429])
  })
})

test('a configuration that is wrong at the start is one line', async () => {
  configure('tls_config: {}')
  const logger = createLogger({ level: 'info', format: 'logfmt', destination: { write: () => {} } })
  await expect(createWebAccess(join(folder, 'web.yml'), logger)).rejects.toThrow(
    `${folder}/web.yml:1:1: tls_config: unknown key; known here: tls_server_config`,
  )
})
