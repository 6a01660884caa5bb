import { describe, expect, test } from 'vitest'
import { parseProcCgroup } from '../../src/parse/cgroup.js'
import { parseProcMaps } from '../../src/parse/proc-maps.js'
import { createIdentifier, type NamingRules } from '../../src/process/identify.js'
import { processStat } from '../support/measured.js'
import { CONTAINER, placeOf, rule, source } from './one-process.js'

const naming = (targets: NamingRules['targets'], rulesOnly = false): NamingRules => ({ targets, rulesOnly })
const BOOT = { timestampSeconds: 1_700_000_000, id: 'boot' }

describe('the target of a process', () => {
  const given = source({}, '/system.slice/shop.service')

  test('is that of the rule that matches, with its version', () => {
    const rules = [rule('ruled', { comm: 'shopd' }, { kind: 'label', name: 'X-Version' })]
    expect(createIdentifier(given, naming(rules), undefined, BOOT).identify(7)).toMatchObject({
      target: 'ruled',
      version: '1.6',
    })
  })

  test('without one has the name of what holds it, and no version', () => {
    const found = createIdentifier(
      given,
      naming([rule('ruled', { comm: 'other' })]),
      undefined,
      BOOT,
    ).identify(7)
    expect(found).toMatchObject({ target: 'shop.service', systemdUnit: 'shop.service' })
    expect(found?.version).toBeUndefined()
  })

  test('has its command name where the exporter is too', () => {
    const own = placeOf('/system.slice/shop.service')
    expect(createIdentifier(given, naming([]), own, BOOT).identify(7)?.target).toBe('shopd')
  })

  test('in a container has the name of that', () => {
    const contained = source({}, `/docker/${CONTAINER}`)
    expect(createIdentifier(contained, naming([]), undefined, BOOT).identify(7)).toMatchObject({
      target: 'shop-app',
      containerId: CONTAINER,
    })
  })
})

describe('the name of one kind is not that of another', () => {
  /** Processes by pid: cgroup, and command name. */
  const machine = (
    processes: Readonly<Record<number, readonly [string, string]>>,
    containerName = 'shop',
  ) => {
    const facts = new Map(
      Object.entries(processes).map(([pid, [, comm]]) => [
        Number(pid),
        { stat: processStat(Number(pid), { comm }), exe: undefined },
      ]),
    )
    return source({
      find: (pid) => facts.get(pid),
      cgroup: (pid) => parseProcCgroup(`0::${processes[pid]?.[0]}\n`),
      container: () => ({ name: containerName, labels: {} }),
    })
  }
  const named = (identifier: ReturnType<typeof createIdentifier>, pid: number) => {
    const found = identifier.identify(pid)
    return [found?.target, found?.namedBy, found?.isUserNamed]
  }

  test('a command that calls itself like a unit', () => {
    const given = machine({ 1: ['/system.slice/shop.service', 'shopd'], 2: ['/', 'shop.service'] })
    const identifier = createIdentifier(given, naming([]), undefined, BOOT)
    expect(named(identifier, 2)).toEqual(['command:shop.service', 'command', true])
    expect(named(identifier, 1)).toEqual(['shop.service', 'unit', false])
  })

  test('a command that calls itself like a rule, and a unit that has its name', () => {
    const given = machine({ 1: ['/', 'billing'], 2: ['/system.slice/web.service', 'nginx'], 3: ['/', 'x'] })
    const rules = [rule('billing', { comm: 'x' }), rule('web.service', { comm: 'y' })]
    const identifier = createIdentifier(given, naming(rules), undefined, BOOT)
    expect(named(identifier, 1)).toEqual(['command:billing', 'command', true])
    expect(named(identifier, 2)).toEqual(['unit:web.service', 'unit', false])
    expect(named(identifier, 3)).toEqual(['billing', 'rule', false])
  })

  test('a command that was called like a container before that was seen', () => {
    const given = machine({ 1: ['/', 'shop'], 2: [`/docker/${CONTAINER}`, 'shopd'], 3: ['/', 'other'] })
    const identifier = createIdentifier(given, naming([]), undefined, BOOT)
    expect(named(identifier, 1)).toEqual(['shop', 'command', true])
    expect(named(identifier, 2)).toEqual(['shop', 'container', false])
    expect(named(identifier, 1)).toEqual(['command:shop', 'command', true])
    identifier.use(naming([]))
    expect(named(identifier, 1)).toEqual(['command:shop', 'command', true])
  })

  test('a container of a user that has the id of another', () => {
    const manager = '/user.slice/user-1000.slice/user@1000.service'
    const given = machine({ 1: [`${manager}/docker-${CONTAINER}.scope`, 'x'] })
    const identifier = createIdentifier(given, naming([]), undefined, BOOT)
    expect(named(identifier, 1)).toEqual(['user@1000.service/abababababab', 'container', true])
    expect(identifier.identify(1)).toMatchObject({ containerId: undefined, podUid: undefined })
  })

  test('a container in another one has the name of that before it', () => {
    const outer = 'cd'.repeat(32)
    const given = machine({ 1: [`/docker/${outer}/kubepods/docker-${CONTAINER}.scope`, 'x'] })
    const identifier = createIdentifier(given, naming([]), undefined, BOOT)
    expect(named(identifier, 1)).toEqual(['cdcdcdcdcdcd/abababababab', 'container', true])
    expect(identifier.identify(1)?.containerId).toBe(CONTAINER)
  })

  test('with rules only, what none names is no target', () => {
    const given = machine({ 1: ['/system.slice/shop.service', 'shopd'], 2: ['/', 'x'] })
    const identifier = createIdentifier(given, naming([rule('ruled', { comm: 'x' })], true), undefined, BOOT)
    expect(named(identifier, 1)).toEqual([undefined, 'unit', false])
    expect(named(identifier, 2)).toEqual(['ruled', 'rule', false])
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
    const identifier = createIdentifier(given, naming([rule('a', { cmdline: 'x' })]), undefined, BOOT)
    for (let round = 0; round < 5; round += 1) expect(identifier.identify(7)?.target).toBe('a')
    expect(looks).toBe(1)
    identifier.use(naming([rule('b', { cmdline: 'x' })]))
    expect(identifier.identify(7)?.target).toBe('b')
    expect(looks).toBe(2)
  })

  test('has the runtime of its program, which its libraries do not tell', () => {
    const mappings = () =>
      parseProcMaps('7f0000000000-7f0000001000 r-xp 00000000 fe:00 1 /usr/lib/x86_64-linux-gnu/libc.so.6')
    const runtimeOf = (...sectionNames: readonly string[]) => {
      const program = () => ({ executable: undefined, sectionNames })
      return createIdentifier(source({ mappings, program }), naming([]), undefined, BOOT).identify(7)?.runtime
    }
    expect(runtimeOf('.text', '.shstrtab')).toBe('glibc')
    expect(runtimeOf('.text', '.go.buildinfo')).toBe('unclassifiable')
    expect(runtimeOf()).toBe('glibc')
  })

  test('says what it is', () => {
    expect(createIdentifier(source(), naming([]), undefined, BOOT).identify(7)).toMatchObject({
      key: 'boot:7@100:1:2',
      program: 'shopd',
      exe: '/srv/shop/bin/shopd (deleted)',
      startTimestampSeconds: 1_700_000_100,
      executable: { buildId: 'aa' },
    })
  })
})
