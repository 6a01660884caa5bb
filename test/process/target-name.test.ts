import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hasKindPrefix } from '../../src/config/named-by.js'
import { createTargetNames, type DefaultName } from '../../src/process/target-name.js'

const name = (namedBy: DefaultName['namedBy'], text: string, owner?: string): DefaultName => ({
  namedBy,
  text,
  owner,
  isUserNamed: false,
})
const noRules = () => false

describe('a target has', () => {
  test.each<[DefaultName['namedBy'], string, string]>([
    ['command', 'nginx', 'nginx'],
    ['command', 'a.out', 'a.out'],
    ['script', 'python: manage.py', 'python: manage.py'],
    ['script', 'node: shop/index.js', 'node: shop/index.js'],
    ['unit', 'nginx.service', 'nginx.service'],
    ['unit', 'user@1000.service/nginx.service', 'user@1000.service/nginx.service'],
    ['unit', 'machine-web.scope', 'machine-web.scope'],
    ['container', 'nginx', 'nginx'],
    ['container', 'prod/api/api', 'prod/api/api'],
    ['container', 'abababababab', 'abababababab'],
  ])('the ordinary name of a %s, %s, as it is', (kind, text, expected) => {
    expect(createTargetNames(noRules).of(name(kind, text))).toBe(expected)
  })

  test.each<[DefaultName['namedBy'], string, string]>([
    ['command', 'shop.service', 'command:shop.service'],
    ['command', 'run-1.scope', 'command:run-1.scope'],
    ['command', 'prod/api/api', 'command:prod/api/api'],
    ['command', 'abababababab', 'command:abababababab'],
    ['command', 'unit:x', 'command:unit:x'],
    ['command', 'command:x', 'command:command:x'],
    ['command', 'python: manage.py', 'command:python: manage.py'],
    ['command', 'user-1.slice/x', 'command:user-1.slice/x'],
    ['script', 'python: shop.service', 'script:python: shop.service'],
    ['container', 'shop.service', 'container:shop.service'],
    ['container', 'python: manage.py', 'container:python: manage.py'],
    ['container', 'user-1.slice/x', 'container:user-1.slice/x'],
    ['unit', 'user-1.slice/x.service', 'unit:user-1.slice/x.service'],
    ['unit', `${'x'.repeat(200)}.service`, `unit:${'x'.repeat(123)}`],
    ['command', 'a\nb\u0000', 'a\ufffdb\ufffd'],
    ['command', `${'x'.repeat(127)}\u{1f680}`, `${'x'.repeat(127)}\ufffd`],
    ['command', '', 'unnamed'],
  ])('of a %s, %j, the name %j', (kind, text, expected) => {
    expect(createTargetNames(noRules).of(name(kind, text))).toBe(expected)
  })
})

test('a program of a user has that before its name', () => {
  const names = createTargetNames((rule) => rule === 'user-1.slice/ruled')
  const of = (namedBy: 'command' | 'script', text: string) => names.of(name(namedBy, text, 'user-1.slice'))
  expect(of('command', 'shopd')).toBe('user-1.slice/shopd')
  expect(of('script', 'python: manage.py')).toBe('user-1.slice/python: manage.py')
  expect(of('command', 'shop.service')).toBe('command:user-1.slice/shop.service')
  expect(of('command', 'python: manage.py')).toBe('command:user-1.slice/python: manage.py')
  expect(of('command', 'ruled')).toBe('command:user-1.slice/ruled')
  expect(of('command', 'x'.repeat(200))).toBe(`user-1.slice/${'x'.repeat(115)}`)
})

test('whatever is chosen, no two kinds have one name', () => {
  const part = fc.constantFrom(
    'shop',
    '.service',
    '.scope',
    '/',
    'unit:',
    'command:',
    'script:',
    'python: ',
    'user-1.slice/',
    'abababababab',
    '\n',
    'x',
  )
  const text = fc.array(part, { maxLength: 4 }).map((parts) => parts.join(''))
  const units = text.map((stem) => name('unit', `${stem}.service`))
  const containers = text.map((stem) => name('container', stem))
  const owner = fc.constantFrom(undefined, 'user-1.slice')
  const commands = fc.tuple(text, owner).map(([stem, of]) => name('command', stem, of))
  const scripts = fc.tuple(text, owner).map(([stem, of]) => name('script', `python: ${stem}`, of))
  fc.assert(
    fc.property(fc.array(fc.oneof(units, containers, commands, scripts)), fc.array(text), (all, rules) => {
      // A rule has no such prefix: the configuration is refused.
      const ruleNames = new Set(rules.filter((rule) => !hasKindPrefix(rule)))
      const names = createTargetNames((rule) => ruleNames.has(rule))
      for (const one of all) names.claim(one)
      const kinds = new Map<string, string>([...ruleNames].map((rule) => [rule, 'rule']))
      for (const one of all) {
        const target = names.of(one)
        expect(kinds.get(target) ?? one.namedBy).toBe(one.namedBy)
        kinds.set(target, one.namedBy)
      }
    }),
  )
})
