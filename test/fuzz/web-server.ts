import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MAIN } from '../e2e/support/exporter.js'
import { until } from '../e2e/support/process.js'
import type { Subject } from './campaign.js'

const TOKEN = '0123456789abcdef0123456789abcdef'
/** A server that has not ended a connection by then is stuck: its client has. Milliseconds. */
const LIMIT_MS = 10_000
/** Within it the first part of an answer comes, or the next one. Milliseconds. */
const QUIET_MS = 50
/** What the server may say of itself: that it has too much to do, or does not know this version of HTTP. */
const FINE_5XX: ReadonlySet<string> = new Set(['503', '505'])

const request = (...lines: readonly string[]) => `${lines.join('\r\n')}\r\n`
const HOST = 'Host: 127.0.0.1'
const ANNOUNCEMENT = '{"target":"shop","version":"1.2.3"}'

const REQUESTS = [
  request('GET /metrics HTTP/1.1', HOST, 'Accept: text/plain;q=0.5,*/*;q=0.1', 'Accept-Encoding: gzip', ''),
  request('GET /metrics HTTP/1.0', 'X-Prometheus-Scrape-Timeout-Seconds: 10', ''),
  request('GET /-/healthy HTTP/1.1', HOST, '', 'GET /-/ready HTTP/1.1', HOST, 'Connection: close', ''),
  request('HEAD /docs/method?a=%2e%2e&a=1 HTTP/1.1', HOST, 'If-None-Match: "x"', 'Range: bytes=0-9', ''),
  request('GET /api/v1/targets/shop HTTP/1.1', HOST, 'Accept: application/json', 'Cookie: a=b', ''),
  request('GET /api/v1/targets/shop/what-if?cpus=8&clients=20&lockHold=0.5 HTTP/1.1', HOST, ''),
  request('OPTIONS * HTTP/1.1', HOST, 'Origin: http://example.org', 'Sec-Fetch-Site: cross-site', ''),
  request('POST /-/reload HTTP/1.1', HOST, 'Content-Length: 0', 'X-Forwarded-For: 10.0.0.1', ''),
  request(
    'POST /api/v1/deploys HTTP/1.1',
    HOST,
    `Authorization: Bearer ${TOKEN}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${ANNOUNCEMENT.length}`,
    '',
    ANNOUNCEMENT,
  ),
  request(
    'POST /api/v1/deploys HTTP/1.1',
    HOST,
    'Authorization: Basic YTpi',
    'Content-Type: application/json',
    'Transfer-Encoding: chunked',
    'Expect: 100-continue',
    '',
    `${ANNOUNCEMENT.length.toString(16)};ext=1`,
    ANNOUNCEMENT,
    '0',
    'Trailer: x',
    '',
  ),
  request(
    'GET / HTTP/1.1',
    HOST,
    'Connection: Upgrade, HTTP2-Settings',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABk',
    '',
  ),
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80\0\x04\0\x01\0\0\0\x05\0\xff\xff\xff',
  '\x16\x03\x01\0\x2e\x01\0\0\x2a\x03\x03',
]

/** The exporter itself, in a process of its own, which its input must not end. */
export const WEB_SERVER: Subject = {
  name: 'HTTP request',
  seeds: () => REQUESTS.map((text) => Buffer.from(text, 'latin1')),
  async feed(input) {
    const { port } = await listening()
    const answer = await exchange(port, input)
    for (const [line, status = ''] of answer.matchAll(/^HTTP\/\d\.\d (\d+).*$/gm)) {
      if (status.startsWith('5') && !FINE_5XX.has(status)) throw new Error(line)
    }
    const { status } = await fetch(`http://127.0.0.1:${port}/-/healthy`)
    if (status !== 200) throw new Error(`/-/healthy answers ${status} after it`)
  },
  async close() {
    const running = await server
    server = undefined
    running?.end()
  },
}

interface Running {
  readonly port: number
  end(): void
}

let server: Promise<Running> | undefined

/** Started with the first input. */
function listening(): Promise<Running> {
  server ??= startServer()
  return server
}

async function startServer(): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'amdahl-fuzz-web-'))
  const token = join(folder, 'token')
  writeFileSync(token, TOKEN, { mode: 0o600 })
  const flags = ['--web.listen-address=127.0.0.1:0', '--web.enable-lifecycle', '--tracer.backend=none']
  const paths = [`--path.state=${folder}/state`, `--deploys.token-file=${token}`]
  const child: ChildProcess = spawn(process.execPath, [MAIN, ...flags, ...paths], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let log = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    // The line that says where it listens comes first; requests are not kept.
    if (log.length < 65_536) log += text
  })
  const port = await until('the exporter listens', 20, () => /addresses="?127\.0\.0\.1:(\d+)/.exec(log)?.[1])
  return {
    port: Number(port),
    end() {
      child.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/**
 * Sends bytes, and says that they were all when nothing is answered any more.
 *
 * @returns what came back until the other end was closed.
 */
function exchange(port: number, input: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    const limit = setTimeout(() => {
      socket.destroy()
      reject(new Error(`no end of the connection after ${LIMIT_MS / 1000} s`))
    }, LIMIT_MS)
    // Ended at once, it would not be answered: the server takes it that nobody waits.
    const quiet = setTimeout(() => socket.end(), QUIET_MS)
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      quiet.refresh()
    })
    // It may close while bytes are on their way to it: what it has said before counts.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') reject(error)
    })
    socket.on('end', () => socket.end())
    socket.on('close', () => {
      clearTimeout(limit)
      clearTimeout(quiet)
      resolve(Buffer.concat(chunks).toString('latin1'))
    })
    socket.write(input)
  })
}
