import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'amdahl-cli-'))
  await writeFile(join(folder, 'good.yml'), 'log: {level: warn}\n')
  await writeFile(join(folder, 'bad.yml'), 'log: {level: loud}\nextra: 1\n')
})
afterAll(() => rm(folder, { recursive: true }))

/** Runs the built command, as a user would, in a folder with `good.yml` and `bad.yml`. */
function amdahlExporter(...argv: string[]): Promise<{ status: number | null; out: string; err: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('node', [MAIN, ...argv], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
    let [out, err] = ['', '']
    child.stdout.on('data', (chunk) => {
      out += chunk
    })
    child.stderr.on('data', (chunk) => {
      err += chunk
    })
    child.once('error', reject)
    child.once('close', (status) => resolve({ status, out, err }))
  })
}

test('--version and --help', async () => {
  expect(await amdahlExporter('--version')).toMatchObject({
    status: 0,
    out: expect.stringMatching(/^amdahl_exporter \d+\.\d+\.\d+\n$/),
  })
  const help = await amdahlExporter('--help')
  expect(help.status).toBe(0)
  expect(help.out).toContain('--tracer.interval <duration>')
  expect(help.out.replaceAll(/\s+/g, ' ')).toContain(
    '--tracer.backend <name> what traces the futex waits: auto, bpftrace, systemtap or none (default: auto)',
  )
})

test('doctor says of each tracer whether it can run, and its status whether one can', async () => {
  const { status, out } = await amdahlExporter('doctor')
  expect(out).toMatch(/^kernel +\S+, \S+$/m)
  expect(out).toMatch(/^privileges +(?:root|an ordinary user: run as root)$/m)
  const can = ['bpftrace', 'systemtap'].filter((name) => {
    const [, found] =
      new RegExp(`^${name} +(can run: version [\\d.]+|cannot run: .+: .+)`, 'm').exec(out) ?? []
    expect(found, name).toBeDefined()
    return found?.startsWith('can run')
  })
  expect(out).toMatch(/^none +can run: answers from \/proc, and sees no locks$/m)
  expect(status).toBe(can.length > 0 ? 0 : 1)
})

test('doctor names what keeps SystemTap from a kernel without modules', async () => {
  const { out } = await amdahlExporter('doctor')
  const hasModules = existsSync('/proc/modules')
  expect(out.includes('this kernel has no loadable modules (CONFIG_MODULES)')).toBe(!hasModules)
})

describe('a wrong command line is one line that names it and the remedy, and status 2', () => {
  test.each([
    [['--tracer.intervall=1s'], 'unknown flag --tracer.intervall; did you mean --tracer.interval?'],
    [['serve', '--colour'], 'unknown flag --colour; --help lists all'],
    [['--tracer.interval=5x'], '--tracer.interval: expected a duration from 100ms to 1m; got "5x"'],
    [['--tracer.interval'], "option '--tracer.interval <duration>' argument missing"],
    [
      ['--tracer.interval=20s'],
      '--tracer.interval: estimate.window is 1m, too short for a tracer.interval of 20s; make it at least 3m20s',
    ],
    [
      ['--tracer.backend=gdb'],
      '--tracer.backend: expected one of auto, bpftrace, systemtap, none; got "gdb"',
    ],
    [
      ['srve'],
      "unknown command 'srve'; commands are serve, doctor, capabilities, simulate, check-config, deploy-check, stap build",
    ],
    [['simulate', '--client=3'], 'unknown flag --client; did you mean --clients?'],
    [['simulate', '--log.level=info'], 'simulate takes no such flags; leave out --log.level'],
    [['stap', 'build'], "required option '--output <folder>' not specified"],
    [['doctor', 'all'], "too many arguments for 'doctor'. Expected 0 arguments but got 1."],
    [['check-config'], "missing required argument 'FILE'"],
    [
      ['check-config', 'good.yml', '--log.level=info'],
      'check-config takes no such flags; leave out --log.level',
    ],
  ])('%j', async (argv, message) => {
    expect(await amdahlExporter(...argv)).toEqual({
      status: 2,
      out: '',
      err: `amdahl_exporter: error: ${message}\n`,
    })
  })
})

const badFile = [
  'bad.yml:1:14: log.level: expected one of debug, info, warn, error; got "loud"\n',
  'bad.yml:2:1: extra: unknown key; known here: tracer, web, estimate, limits, deploys, log, paths, targets\n',
].join('')

test('check-config says OK, or all that is wrong', async () => {
  expect(await amdahlExporter('check-config', 'good.yml')).toEqual({
    status: 0,
    out: 'good.yml: OK\n',
    err: '',
  })
  expect(await amdahlExporter('check-config', 'bad.yml')).toEqual({ status: 1, out: '', err: badFile })
})

test('serve does not start with a wrong file', async () => {
  expect(await amdahlExporter('--config.file=bad.yml')).toEqual({ status: 1, out: '', err: badFile })
})

test('serve does not start on an address in use', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as AddressInfo
  const { status, err } = await amdahlExporter(`--web.listen-address=127.0.0.1:${port}`)
  other.close()
  expect(status).toBe(1)
  expect(err).toMatch(
    /^ts=\S+ level=error msg="cannot listen on 127\.0\.0\.1:\d+: the address is in use; [^\n]+"\n$/,
  )
})
