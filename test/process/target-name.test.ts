import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hasKindPrefix } from '../../src/config/named-by.js'
import { createTargetNames, type DefaultName } from '../../src/process/target-name.js'

const name = (namedBy: DefaultName['namedBy'], text: string): DefaultName => ({
  namedBy,
  text,
  isUserNamed: false,
})
const noRules = () => false

describe('a target has', () => {
  test.each<[DefaultName['namedBy'], string, string]>([
    ['command', 'nginx', 'nginx'],
    ['command', 'a.out', 'a.out'],
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
    ['container', 'shop.service', 'container:shop.service'],
    ['unit', `${'x'.repeat(200)}.service`, `unit:${'x'.repeat(123)}`],
    ['command', 'a\nb\u0000', 'a\ufffdb\ufffd'],
    ['command', '', 'unnamed'],
  ])('of a %s, %j, the name %j', (kind, text, expected) => {
    expect(createTargetNames(noRules).of(name(kind, text))).toBe(expected)
  })
})

test('whatever is chosen, no two kinds have one name', () => {
  const part = fc.constantFrom(
    'shop',
    '.service',
    '.scope',
    '/',
    'unit:',
    'command:',
    'abababababab',
    '\n',
    'x',
  )
  const text = fc.array(part, { maxLength: 4 }).map((parts) => parts.join(''))
  const units = text.map((stem) => name('unit', `${stem}.service`))
  const containers = text.map((stem) => name('container', stem))
  const commands = text.map((stem) => name('command', stem))
  fc.assert(
    fc.property(fc.array(fc.oneof(units, containers, commands)), fc.array(text), (all, rules) => {
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
