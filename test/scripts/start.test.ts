import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { NEEDS } from '../../src/privileges/needs.js'
import { ROOT } from '../e2e/support/exporter.js'

/** What bpftrace needs, and what is read of others. */
const needed = NEEDS.flatMap(({ capability, backend }) =>
  backend === 'systemtap' ? [] : [capability],
).sort()

test.each([
  ['scripts/start.sh', /^capabilities=(.*)$/m, /\+(\w+)/g],
  ['deploy/systemd/amdahl_exporter.service', /^CapabilityBoundingSet=(.*)$/m, /CAP_(\w+)/g],
])('%s gives the exporter the capabilities that it needs, and no others', (file, line, name) => {
  const list = line.exec(readFileSync(join(ROOT, file), 'utf8'))?.[1] ?? ''
  expect([...list.matchAll(name)].map(([, one = '']) => one.toLowerCase()).sort()).toEqual(needed)
})

test('it is started with the flags of Node.js that the installed program has', () => {
  const [, flags] =
    /^#!\/usr\/bin\/env -S node (.+)$/m.exec(readFileSync(join(ROOT, 'src/main.ts'), 'utf8')) ?? []
  const [, read = ''] = /^small=\$\((.+)\)$/m.exec(readFileSync(join(ROOT, 'scripts/start.sh'), 'utf8')) ?? []
  expect(execFileSync('/bin/sh', ['-c', read], { cwd: ROOT, encoding: 'utf8' })).toBe(`${flags}\n`)
})

test('programs are not looked for where npm puts those of folders above', () => {
  const script = join(ROOT, 'scripts/safe-path.sh')
  const path = '/tmp/node_modules/.bin:relative::/usr/bin:/a/node_modules/x:/bin'
  const run = ['-c', `. ${script}; printf '%s' "$PATH"`]
  expect(execFileSync('/bin/sh', run, { env: { PATH: path }, encoding: 'utf8' })).toBe('/usr/bin:/bin')
})

/** Runs the script with stand-ins for all that it starts but the exporter itself: what setpriv was asked for. */
function capabilitiesFor(...flags: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'amdahl-start-'))
  writeFileSync(
    join(folder, 'a.yml'),
    'tracer: { backend: systemtap }\nweb: { listen_addresses: [":443"] }\n',
  )
  for (const [name, text] of Object.entries({
    id: 'echo 0',
    sh: ':',
    setpriv: `[ "$6" = true ] || [ "$5" = true ] || echo "$*" >${folder}/asked`,
  })) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  }
  execFileSync(
    '/bin/sh',
    [join(ROOT, 'scripts/start.sh'), ...flags.map((flag) => flag.replace('FOLDER', folder))],
    {
      env: { PATH: `${folder}:${dirname(process.execPath)}:/usr/bin:/bin` },
    },
  )
  const asked = readFileSync(join(folder, 'asked'), 'utf8')
  rmSync(folder, { recursive: true })
  return /--bounding-set=-all,(\S+)/.exec(asked)?.[1] ?? ''
}

const READS = '+sys_ptrace,+dac_read_search'
const BPFTRACE = `+bpf,+perfmon,${READS}`
const SYSTEMTAP = `${READS},+sys_module,+syslog`

test.each([
  [['--tracer.backend', 'bpftrace', '--web.listen-address=:10967'], BPFTRACE],
  [['--tracer.backend=systemtap'], SYSTEMTAP],
  [['--tracer.backend=none'], READS],
  [['--tracer.backend=bpftrace', '--web.listen-address=:443'], `${BPFTRACE},+net_bind_service`],
  [['--config.file=FOLDER/a.yml'], `${SYSTEMTAP},+net_bind_service`],
  [['--config.file=FOLDER/a.yml', '--tracer.backend=bpftrace', '--web.systemd-socket'], BPFTRACE],
  [['--config.file=FOLDER/none.yml'], BPFTRACE],
  [['--version'], BPFTRACE],
  [['--help'], BPFTRACE],
  [['doctor'], BPFTRACE],
])('%j: what it is given is %j', (flags, capabilities) => {
  expect(capabilitiesFor(...flags)).toBe(capabilities)
})
