import { describe, expect, test } from 'vitest'
import { type Config, defaultConfig } from '../../src/config/config.js'
import { describeConfigError } from '../../src/config/config-error.js'
import { parseConfig } from '../../src/config/parse-config.js'
import { createPattern } from '../../src/config/pattern.js'
import { mergeReloaded } from '../../src/config/reload.js'

function configOf(text: string): Config {
  const parsed = parseConfig(text, 'a.yml')
  if (!parsed.ok) throw new Error(parsed.errors.map(describeConfigError).join('\n'))
  return parsed.config
}

describe('rules for targets', () => {
  test('are taken in their order, with all their conditions', () => {
    const { targets } = configOf(`
targets:
  - name: shop
    match: { exe: /srv/shop/bin/shopd, user: shop }
    version: { file: /srv/shop/VERSION }
  - { name: billing, match: { cmdline: 'billing\\.jar' }, version: { cmdline: '--release=(\\S+)' } }
  - { name: web, match: { systemd_unit: 'web@.*' }, version: { label: X-Version } }
  - { name: api, match: { container: api }, version: { environment: APP_VERSION } }
`)
    expect(targets.map(({ name }) => name)).toEqual(['shop', 'billing', 'web', 'api'])
    expect([...(targets[0]?.match.keys() ?? [])]).toEqual(['exe', 'user'])
    expect(targets.map(({ version }) => version?.kind)).toEqual(['file', 'cmdline', 'label', 'environment'])
    const billing = targets[1]
    expect(billing?.match.get('cmdline')?.matches('java -jar /srv/billing.jar --release=1.2')).toBe(true)
    expect(billing?.version).toMatchObject({ kind: 'cmdline' })
    const exe = targets[0]?.match.get('exe')
    expect([exe?.matches('/srv/shop/bin/shopd'), exe?.matches('/srv/shop/bin/shopd2')]).toEqual([true, false])
  })

  test.each([
    [
      'targets: { max: 5 }',
      'a.yml:1:10: targets: expected a list of at most 1000 rules, each with name and match; got {"max":5}',
    ],
    [
      'targets:\n  - name: shop',
      'a.yml:2:5: targets[0].match: expected the keys comm, exe, cmdline, systemd_unit, cgroup, container, user; it is missing',
    ],
    [
      'targets:\n  - match: { comm: shopd }',
      'a.yml:2:5: targets[0].name: expected a name of 1 to 128 characters, in one line; it is missing',
    ],
    [
      'targets:\n  - { name: shop, match: {} }',
      'a.yml:2:26: targets[0].match: expected at least one of comm, exe, cmdline, systemd_unit, cgroup, container, user',
    ],
    [
      'targets:\n  - { name: shop, match: { com: shopd } }',
      'a.yml:2:28: targets[0].match.com: unknown key; did you mean comm?',
    ],
    [
      "targets:\n  - name: shop\n    match:\n      cmdline: '(a+)+('",
      /^a\.yml:4:16: targets\[0\]\.match\.cmdline: .*missing closing.*; write a regular expression as RE2 has it/,
    ],
    ["targets:\n  - { name: a, match: { comm: '(?=x)' } }", /^a\.yml:2:31: .*RE2/],
    ["targets:\n  - { name: a, match: { comm: '(.)\\1' } }", /^a\.yml:2:31: .*RE2/],
    [
      'targets:\n  - { name: a, match: { comm: b }, version: { file: VERSION } }',
      'a.yml:2:53: targets[0].version.file: expected an absolute path; got "VERSION"',
    ],
    [
      'targets:\n  - { name: a, match: { comm: b }, version: { file: /V, environment: V } }',
      'a.yml:2:45: targets[0].version: expected exactly one of file, environment, label, cmdline',
    ],
    [
      'targets:\n  - { name: "a\\nb", match: { comm: b } }',
      /^a\.yml:2:13: targets\[0\]\.name: expected a name/,
    ],
    [
      'targets:\n  - { name: "unit:a", match: { comm: b } }',
      'a.yml:2:13: targets[0].name: expected a name that does not begin as those of other targets do: rule:, unit:, container:, script:, command:; got "unit:a"',
    ],
    [
      'targets:\n  - { name: a, match: { comm: b } }\n  - { name: a, match: { comm: c } }',
      'a.yml:3:13: targets[1].name: the name "a" is that of an earlier rule; give another one, or one rule for both',
    ],
    [
      'targets:\n  - { nam: a, match: { comm: b } }',
      /^a\.yml:2:5: targets\[0\]\.name: .*\na\.yml:2:7: targets\[0\]\.nam: unknown key; did you mean name\?$/,
    ],
  ])('%j is refused', (text, message) => {
    const parsed = parseConfig(text, 'a.yml')
    if (parsed.ok) throw new Error('accepted')
    const errors = parsed.errors.map(describeConfigError).join('\n')
    if (typeof message === 'string') expect(errors).toBe(message)
    else expect(errors).toMatch(message)
  })
})

describe('a pattern', () => {
  test('takes linear time where backtracking would take for ever', () => {
    const pattern = createPattern('(a+)+b', { isAnchored: false })
    const begin = performance.now()
    expect(pattern.matches('a'.repeat(8000))).toBe(false)
    expect(performance.now() - begin).toBeLessThan(5000)
  })

  test('extracts its first group, or all it matched', () => {
    const text = '/srv/shopd --release=1.2.3 --port=80'
    expect(createPattern('--release=(\\S+)', { isAnchored: false }).extract(text)).toBe('1.2.3')
    expect(createPattern('\\d+\\.\\d+', { isAnchored: false }).extract(text)).toBe('1.2')
    expect(createPattern('--tag=(\\S+)', { isAnchored: false }).extract(text)).toBeUndefined()
  })
})

describe('a reload', () => {
  test('takes rules, limits and estimates over, and names what waits for a restart', () => {
    const read = configOf(`
tracer: { interval: 2s }
targets: [{ name: shop, match: { comm: shopd } }]
limits: { max_targets: 7 }
estimate: { window: 2m }
deploys: { token_file: /etc/token, compare: 20m }
`)
    const { config, notes } = mergeReloaded(defaultConfig, read)
    expect(config.targets).toBe(read.targets)
    expect([config.limits.maxTargets, config.estimate.trailingSeconds]).toEqual([7, 120])
    expect(config.deploys).toEqual({ tokenFile: undefined, compareSeconds: 1200, settleSeconds: 10 })
    expect(config.tracer).toBe(defaultConfig.tracer)
    expect(notes).toEqual([
      'tracer has changed: restart the exporter for it to take effect',
      'deploys.token_file has changed: restart the exporter for it to take effect',
    ])
  })
})
