import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { freePort } from '../e2e/support/free-port.js'

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

let folder: string
let child: ChildProcess | undefined
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'amdahl-web-flags-'))
  writeFileSync(join(folder, 'bad.yml'), 'http_server_config: {http3: true}\n')
})
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => {
  child?.kill('SIGKILL')
  child = undefined
})

/** Starts the exporter, without a tracer, with what comes before its command line. */
function start(before: readonly string[], ...flags: string[]) {
  const own = ['--tracer.backend=none', `--path.state=${join(folder, 'state')}`, ...flags]
  const [command = '', ...argv] = [...before, 'node', MAIN, ...own]
  const started = spawn(command, argv, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  child = started
  let log = ''
  started.stderr.on('data', (chunk) => {
    log += chunk
  })
  const ended = new Promise<number | null>((resolve) => started.once('close', resolve))
  return { ended, log: () => log }
}

/** Asks until there is an answer. @param where `{ port }` or `{ socketPath }`. */
async function ask(where: object, path = '/-/healthy'): Promise<string> {
  for (let tries = 0; tries < 200; tries++) {
    const body = await new Promise<string | undefined>((resolve) => {
      const asked = request({ host: '127.0.0.1', path, ...where }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk) => {
          text += chunk
        })
        response.once('end', () => resolve(text))
      })
      asked.once('error', () => resolve(undefined)).end()
    })
    if (body !== undefined) return body
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('no answer')
}

test('--web.systemd-socket serves on the sockets that it is given, of TCP and of a file', async () => {
  const port = await freePort()
  const file = join(folder, 'socket')
  const sockets = [`--listen=127.0.0.1:${port}`, `--listen=${file}`]
  const { ended, log } = start(['systemd-socket-activate', ...sockets], '--web.systemd-socket')
  expect(await ask({ port })).toBe('Healthy\n')
  expect(await ask({ socketPath: file })).toBe('Healthy\n')
  expect(await ask({ port }, '/metrics')).toContain('amdahl_exporter_build_info')
  expect(log()).toContain(`addresses="127.0.0.1:${port} unix"`)
  child?.kill('SIGTERM')
  expect(await ended).toBe(0)
})

test('--web.systemd-socket without a socket is one line', async () => {
  const { ended, log } = start([], '--web.systemd-socket')
  expect(await ended).toBe(1)
  expect(log()).toMatch(
    /level=error msg="no socket was handed over \(LISTEN_FDS is not set\); start the exporter/,
  )
})

test.each([
  ['bad.yml', 1, 'bad.yml:1:22: http_server_config.http3: unknown key; did you mean http2?\n'],
  ['none.yml', 1, 'none.yml: cannot be read (no such file); give the path of a readable YAML file\n'],
])('--web.config.file=%s', async (file, status, message) => {
  const { ended, log } = start([], `--web.config.file=${file}`)
  expect(await ended).toBe(status)
  expect(log()).toBe(message)
})

test.each([
  ['--web.max-requests=-1', '--web.max-requests: expected a whole number from 0 to 100000; got "-1"'],
  [
    '--web.external-url=here',
    '--web.external-url: expected an address such as https://example.org/amdahl; got "here"',
  ],
])('%s', async (flag, message) => {
  const { ended, log } = start([], flag)
  expect(await ended).toBe(2)
  expect(log()).toBe(`amdahl_exporter: error: ${message}\n`)
})
