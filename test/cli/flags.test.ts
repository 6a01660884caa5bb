import { expect, test } from 'vitest'
import { parseFlags, SETTING_FLAGS } from '../../src/cli/flags.js'
import { applySettings, type Config, defaultConfig } from '../../src/config/config.js'

function configOf(values: Parameters<typeof parseFlags>[0], base: Config = defaultConfig): Config {
  const parsed = parseFlags(values)
  if (!parsed.ok) throw new Error(parsed.errors.join('\n'))
  return applySettings(base, parsed.settings)
}

test('the defaults in the help are the defaults', () => {
  const other: Config = {
    ...defaultConfig,
    tracer: { backend: 'bpftrace', intervalSeconds: 2, sampleHz: 1, systemtapModule: undefined },
    web: { ...defaultConfig.web, listenAddresses: [], telemetryPath: '/other' },
    log: { level: 'error', format: 'json' },
    paths: { procfs: '/other', rootfs: '/other', cache: '/other', state: '/other' },
  }
  const defaults = Object.fromEntries(
    SETTING_FLAGS.flatMap(({ flag, defaultText }) =>
      defaultText === undefined ? [] : [[flag, defaultText]],
    ),
  )
  expect(configOf(defaults, other)).toEqual(defaultConfig)
})

test('flags go before the file, and what they do not set stays', () => {
  const file: Config = { ...defaultConfig, log: { level: 'warn', format: 'json' } }
  const config = configOf({ '--log.level': 'debug', '--web.listen-address': ['127.0.0.1:1', ':2'] }, file)
  expect(config).toEqual({
    ...file,
    log: { level: 'debug', format: 'json' },
    web: {
      ...file.web,
      listenAddresses: [
        { host: '127.0.0.1', port: 1 },
        { host: undefined, port: 2 },
      ],
    },
  })
})

test('every wrong flag is named with its value and the remedy', () => {
  expect(
    parseFlags({
      '--tracer.sample-hz': '99.5',
      '--tracer.interval': '5 s',
      '--web.listen-address': ['nope'],
    }),
  ).toEqual({
    ok: false,
    errors: [
      '--tracer.interval: expected a duration from 100ms to 1m; got "5 s"',
      '--tracer.sample-hz: expected a whole number from 1 to 4999; got "99.5"',
      '--web.listen-address: expected HOST:PORT, such as :10967, 127.0.0.1:10967 or [::1]:10967; got "nope"',
    ],
  })
})
