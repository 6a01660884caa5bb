import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { defaultConfig } from '../../src/config/config.js'
import { describeConfigError } from '../../src/config/config-error.js'
import { parseConfig } from '../../src/config/parse-config.js'

function errorsOf(text: string): string[] {
  const parsed = parseConfig(text, 'a.yml')
  return parsed.ok ? [] : parsed.errors.map(describeConfigError)
}

test.each([
  ['nothing', ''],
  ['comments only', '# nothing\n'],
  ['an empty section', 'tracer:\n'],
  ['an empty mapping', '{}'],
])('%s is the defaults', (_, text) => {
  expect(parseConfig(text, 'a.yml')).toEqual({ ok: true, config: defaultConfig })
})

test('every setting reaches its place, with its unit', () => {
  const text = `
tracer: { backend: bpftrace, interval: 500ms, sample_hz: 49, systemtap_module: /opt/amdahl_futex.ko }
web:
  listen_addresses: ['127.0.0.1:1', '[::1]:2', ':3']
  telemetry_path: /amdahl/metrics
  enable_lifecycle: true
  config_file: web.yml
  systemd_socket: true
  max_requests: 7
  external_url: https://Example.org:8443/amdahl/
estimate: { window: 5m, min_samples: 1000, contended_share: 0.8, saturated_utilization: 0.95 }
targets: []
limits: { rules_only: true, max_targets: 10, max_locks_per_target: 4, forget_after: 1h }
deploys: { token_file: /etc/amdahl/token, compare: 1h, settle: 30s }
log: { level: debug, format: json }
paths: { procfs: /host/proc, rootfs: /host, cache: /srv/cache, state: /srv/state }
`
  expect(parseConfig(text, 'a.yml')).toEqual({
    ok: true,
    config: {
      tracer: {
        backend: 'bpftrace',
        intervalSeconds: 0.5,
        sampleHz: 49,
        systemtapModule: '/opt/amdahl_futex.ko',
      },
      web: {
        listenAddresses: [
          { host: '127.0.0.1', port: 1 },
          { host: '::1', port: 2 },
          { host: undefined, port: 3 },
        ],
        telemetryPath: '/amdahl/metrics',
        enableLifecycle: true,
        configFile: 'web.yml',
        systemdSocket: true,
        maxRequests: 7,
        externalUrl: { origin: 'https://example.org:8443', host: 'example.org', prefix: '/amdahl' },
      },
      estimate: { trailingSeconds: 300, minSamples: 1000, contendedShare: 0.8, saturatedUtilization: 0.95 },
      targets: [],
      limits: { rulesOnly: true, maxTargets: 10, maxLocksPerTarget: 4, forgetAfterSeconds: 3600 },
      deploys: { tokenFile: '/etc/amdahl/token', compareSeconds: 3600, settleSeconds: 30 },
      log: { level: 'debug', format: 'json' },
      paths: { procfs: '/host/proc', rootfs: '/host', cache: '/srv/cache', state: '/srv/state' },
    },
  })
})

test.each(['/metrics', '/m', '/a/b.c_d~e-f', '/metrics/', '/apis', '/-', '/docs'])(
  'the metrics may be at %s',
  (path) => {
    expect(parseConfig(`web: {telemetry_path: ${path}}`, 'a.yml')).toMatchObject({
      ok: true,
      config: { web: { telemetryPath: path } },
    })
  },
)

describe('what is wrong is named with its place, its value and the remedy', () => {
  test.each([
    ['tracer:\n  intervall: 1s', 'a.yml:2:3: tracer.intervall: unknown key; did you mean interval?'],
    ['log: {colour: red}', 'a.yml:1:7: log.colour: unknown key; known here: level, format'],
    ['tracr:\n  interval: 1s', 'a.yml:1:1: tracr: unknown key; did you mean tracer?'],
    [
      'tracer:\n  interval: 99ms',
      'a.yml:2:13: tracer.interval: expected a duration from 100ms to 1m; got "99ms"',
    ],
    ['tracer:\n  interval: 1', 'a.yml:2:13: tracer.interval: expected a duration from 100ms to 1m; got 1'],
    [
      'tracer: {sample_hz: 4999.5}',
      'a.yml:1:21: tracer.sample_hz: expected a whole number from 1 to 4999; got 4999.5',
    ],
    [
      'tracer: {sample_hz: 5000}',
      'a.yml:1:21: tracer.sample_hz: expected a whole number from 1 to 4999; got 5000',
    ],
    [
      'tracer: {sample_hz: .nan}',
      'a.yml:1:21: tracer.sample_hz: expected a whole number from 1 to 4999; got NaN',
    ],
    [
      'tracer: {sample_hz: }',
      'a.yml:1:21: tracer.sample_hz: expected a whole number from 1 to 4999; got null',
    ],
    [
      'tracer: {backend: gdb}',
      'a.yml:1:19: tracer.backend: expected one of auto, bpftrace, systemtap, none; got "gdb"',
    ],
    [
      "web:\n  listen_addresses:\n    - ':1'\n    - nope",
      'a.yml:4:7: web.listen_addresses[1]: expected HOST:PORT, such as :10967, 127.0.0.1:10967 or [::1]:10967; got "nope"',
    ],
    [
      'web:\n  listen_addresses: []',
      'a.yml:2:21: web.listen_addresses: expected a list of addresses, such as [":10967"]; got []',
    ],
    [
      'estimate: {contended_share: 90%}',
      'a.yml:1:29: estimate.contended_share: expected a number from 0.5 to 1; got "90%"',
    ],
    [
      'log:\n  level: verbose',
      'a.yml:2:10: log.level: expected one of debug, info, warn, error; got "verbose"',
    ],
    [
      'web: {max_requests: -1}',
      'a.yml:1:21: web.max_requests: expected a whole number from 0 to 100000; got -1',
    ],
    [
      'web: {external_url: example.org}',
      'a.yml:1:21: web.external_url: expected an address such as https://example.org/amdahl; got "example.org"',
    ],
    ['log: loud', 'a.yml:1:6: log: expected the keys level, format; got "loud"'],
    ['paths: {procfs: proc}', 'a.yml:1:17: paths.procfs: expected an absolute path; got "proc"'],
    [
      'tracer: {interval: 20s}',
      'a.yml:1:20: estimate.window is 1m, too short for a tracer.interval of 20s; make it at least 3m20s',
    ],
    [
      'tracer: {interval: 2s}\nestimate: {window: 10s}',
      'a.yml:2:20: estimate.window is 10s, too short for a tracer.interval of 2s; make it at least 20s',
    ],
    [
      'tracer: {interval: 5s}\ndeploys: {compare: 2m29s}',
      'a.yml:2:20: deploys.compare is 2m29s, too short for a tracer.interval of 5s; make it at least 2m30s',
    ],
    [
      "web:\n  listen_addresses: [':1', '127.0.0.1:1', ':1', ':0', ':0']",
      'a.yml:2:43: web.listen_addresses[2]: the address :1 is given twice; leave one out',
    ],
    ['log:\n  level: info\n  level: warn', 'a.yml:3:3: duplicate key level; keep one of the two'],
    ['? - #', 'a.yml:1:3: a key must be a word, not a map or a list'],
    ['log: {"a\\nb": 1}', 'a.yml:1:7: log.a b: unknown key; known here: level, format'],
    [
      'targets: [{name: x, match: {comm: "(\\n"}}]',
      'a.yml:1:35: targets[0].match.comm: error parsing regexp: missing closing ): `( `; write a regular expression as RE2 has it (no back-references, no look-around)',
    ],
    ['log: &a {}\ntracer: *a', 'a.yml:2:9: alias *a: aliases are not supported; write the value here'],
  ])('%j', (text, message) => {
    expect(errorsOf(text)).toEqual([message])
  })

  test.each([
    '/',
    '//',
    '/a//b',
    'metrics',
    '/a?b',
    '/-/ready',
    '/-/other',
    '/api/v1/targets',
    '/docs/readme',
    '/../docs/readme',
    '/a/..',
  ])('a path of the metrics that is no path, or one of the exporter: %s', (path) => {
    expect(errorsOf(`web: {telemetry_path: "${path}"}`)).toEqual([
      `a.yml:1:23: web.telemetry_path: expected a path such as /metrics, of parts of letters, digits and . _ ~ -, and not under /-/, /api/, /docs/; got "${path}"`,
    ])
  })

  test.each([
    ['web: [', 1],
    ['log:\n\tlevel: info', 2],
    ['a: 1\n---\nb: 2', 2],
    ['log: "x', 1],
    ['log: !custom {}', 1],
  ])('YAML that cannot be read: %j, line %d', (text, line) => {
    const [first] = errorsOf(text)
    expect(first).toMatch(new RegExp(`^a\\.yml:${line}:\\d+: .+$`))
  })

  test('a key that is a map or a list is refused, however many of them are in one another', () => {
    const message = 'a key must be a word, not a map or a list'
    expect(errorsOf('targets:\n  - { { a: 1 }: 2, [b]: 3 }\n')).toEqual([
      `a.yml:2:7: ${message}`,
      `a.yml:2:20: ${message}`,
    ])
    const nested = `${'{ '.repeat(30)}a${' }'.repeat(30)}`
    expect(errorsOf(`targets: ${nested}\n`)[0]).toBe(`a.yml:1:12: ${message}`)
  })

  test.each([100, 1000, 3000, 10_000, 100_000])('%d levels are refused, in one line', (levels) => {
    const message = /^a\.yml:1:\d+: .*(?:nested too deeply|expected the keys)/
    expect(errorsOf(`${'['.repeat(levels)}${']'.repeat(levels)}`)).toEqual([expect.stringMatching(message)])
    const keys = Array.from({ length: levels }, () => '{a: ').join('')
    expect(errorsOf(`${keys}1${'}'.repeat(levels)}`)[0]).toMatch(/^a\.yml:1:\d+: .+/)
  })

  test.each([
    ['unknown keys', (index: number) => `key${index}: 1\n`],
    ['duplicate keys', () => 'log: {}\n'],
    ['aliases', (index: number) => `key${index}: *a\n`],
  ])('of 100 000 %s the first are named, and the number of the others, in little time', (_, line) => {
    const begin = performance.now()
    const errors = errorsOf(Array.from({ length: 100_000 }, (_, index) => line(index)).join(''))
    // A second on a machine that does nothing else.
    expect(performance.now() - begin).toBeLessThan(10_000)
    expect(errors.length).toBe(51)
    expect(errors[50]).toMatch(/^a\.yml: and \d+ more; mend these first$/)
  })

  test('100 000 rules are not looked at', () => {
    const text = `targets:\n${'- {name: a, match: {comm: "(a+)+b"}}\n'.repeat(100_000)}`
    expect(errorsOf(text)).toEqual([
      expect.stringMatching(/^a\.yml:2:1: targets: expected a list of at most 1000 rules/),
    ])
  })

  test('a long key is cut', () => {
    expect(errorsOf(`${'x'.repeat(900_000)}: 1`)[0]?.length).toBeLessThan(500)
  })
})

test('all errors are given at once, in the order of the file', () => {
  const text = 'extra: 1\nlog:\n  level: loud\n  format: xml\ntracer: {interval: soon}\n'
  expect(errorsOf(text).map((error) => error.split(': ')[0])).toEqual([
    'a.yml:1:1',
    'a.yml:3:10',
    'a.yml:4:11',
    'a.yml:5:20',
  ])
})

describe('properties', () => {
  const settings = fc.dictionary(
    fc.constantFrom('tracer', 'web', 'estimate', 'targets', 'log', 'paths', 'other', '__proto__'),
    fc.oneof(
      fc.anything(),
      fc.dictionary(fc.constantFrom('interval', 'listen_addresses', 'level', 'max', 'x'), fc.anything()),
    ),
  )
  const fragments = fc
    .array(
      fc.constantFrom(
        'tracer:',
        'log:',
        '\n',
        '\n  ',
        '- ',
        '{',
        '}',
        '[',
        ']',
        '&a ',
        '*a',
        '? ',
        '"',
        '!!int ',
        '<<: ',
        '\t',
        '#',
        '|',
        '1s',
      ),
    )
    .map((parts) => parts.join(''))

  test('never throws, whatever the text; an error always has a place in it', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fragments, settings.map(toJson)), (text) => {
        const parsed = parseConfig(text, 'a.yml')
        if (parsed.ok) return
        const lines = text.split('\n').length
        expect(parsed.errors.length).toBeGreaterThan(0)
        for (const { position, message } of parsed.errors) {
          expect(position?.line).toBeGreaterThanOrEqual(1)
          expect(position?.line).toBeLessThanOrEqual(lines)
          expect(message).not.toContain('\n')
        }
      }),
      { numRuns: 500 },
    )
  })
})

function toJson(value: unknown): string {
  return JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? String(item) : item)) ?? ''
}
