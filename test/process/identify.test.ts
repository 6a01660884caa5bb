import { describe, expect, test } from 'vitest'
import { parseProcMaps } from '../../src/parse/proc-maps.js'
import { createIdentifier } from '../../src/process/identify.js'
import { CONTAINER, placeOf, rule, source } from './one-process.js'

const BOOT = { timestampSeconds: 1_700_000_000, id: 'boot' }

describe('the target of a process', () => {
  const given = source({}, '/system.slice/shop.service')

  test('is that of the rule that matches, with its version', () => {
    const rules = [rule('ruled', { comm: 'shopd' }, { kind: 'label', name: 'X-Version' })]
    expect(createIdentifier(given, rules, undefined, BOOT).identify(7)).toMatchObject({
      target: 'ruled',
      version: '1.6',
    })
  })

  test('without one has the name of what holds it, and no version', () => {
    const found = createIdentifier(given, [rule('ruled', { comm: 'other' })], undefined, BOOT).identify(7)
    expect(found).toMatchObject({ target: 'shop.service', systemdUnit: 'shop.service' })
    expect(found?.version).toBeUndefined()
  })

  test('has its command name where the exporter is too', () => {
    const own = placeOf('/system.slice/shop.service')
    expect(createIdentifier(given, [], own, BOOT).identify(7)?.target).toBe('shopd')
  })

  test('in a container has the name of that', () => {
    const contained = source({}, `/docker/${CONTAINER}`)
    expect(createIdentifier(contained, [], undefined, BOOT).identify(7)).toMatchObject({
      target: 'shop-app',
      containerId: CONTAINER,
    })
  })
})

describe('a process', () => {
  test('is looked at once per exec, and once more when the rules change', () => {
    let looks = 0
    const given = source({
      commandLine() {
        looks += 1
        return 'x'
      },
    })
    const identifier = createIdentifier(given, [rule('a', { cmdline: 'x' })], undefined, BOOT)
    for (let round = 0; round < 5; round += 1) expect(identifier.identify(7)?.target).toBe('a')
    expect(looks).toBe(1)
    identifier.use([rule('b', { cmdline: 'x' })])
    expect(identifier.identify(7)?.target).toBe('b')
    expect(looks).toBe(2)
  })

  test('has the runtime of its program, which its libraries do not tell', () => {
    const mappings = () =>
      parseProcMaps('7f0000000000-7f0000001000 r-xp 00000000 fe:00 1 /usr/lib/x86_64-linux-gnu/libc.so.6')
    const runtimeOf = (...sectionNames: readonly string[]) => {
      const program = () => ({ executable: undefined, sectionNames })
      return createIdentifier(source({ mappings, program }), [], undefined, BOOT).identify(7)?.runtime
    }
    expect(runtimeOf('.text', '.shstrtab')).toBe('glibc')
    expect(runtimeOf('.text', '.go.buildinfo')).toBe('unclassifiable')
    expect(runtimeOf()).toBe('glibc')
  })

  test('says what it is', () => {
    expect(createIdentifier(source(), [], undefined, BOOT).identify(7)).toMatchObject({
      key: 'boot:7@100:1:2',
      program: 'shopd',
      exe: '/srv/shop/bin/shopd (deleted)',
      startTimestampSeconds: 1_700_000_100,
      executable: { buildId: 'aa' },
    })
  })
})
