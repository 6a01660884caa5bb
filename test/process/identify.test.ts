import { describe, expect, test } from 'vitest'
import type { TargetRule } from '../../src/config/target-rule.js'
import { whatRuns } from '../../src/interpreters/what-runs.js'
import { type CgroupIdentity, parseProcCgroup } from '../../src/parse/cgroup.js'
import { createIdentifier } from '../../src/process/identify.js'
import type { Looked, ProcessSource } from '../../src/process/process-source.js'
import { whatWaitsTell } from '../../src/runtimes/recognise.js'
import { NO_MARKS } from '../../src/runtimes/runtime.js'
import { processStat } from '../support/measured.js'
import { CONTAINER, LOOK, placeOf, rule, source } from './one-process.js'

const BOOT = { timestampSeconds: 1_700_000_000, id: 'boot' }
const SECOND = 1_000_000_000n

function scene(
  given: ProcessSource,
  targets: readonly TargetRule[] = [],
  { own, rulesOnly = false }: { readonly own?: CgroupIdentity; readonly rulesOnly?: boolean } = {},
) {
  const clock = { nowNs: 0n }
  const rules = { targets, rulesOnly }
  return { clock, identifier: createIdentifier(given, rules, own, BOOT, () => clock.nowNs) }
}

async function identify(...parts: Parameters<typeof scene>) {
  const { identifier } = scene(...parts)
  await identifier.prepare([7])
  return identifier.identify(7)
}

describe('the target of a process', () => {
  const given = source({}, '/system.slice/shop.service')

  test('is that of the rule that matches, with its version', async () => {
    const rules = [rule('ruled', { comm: 'shopd' }, { kind: 'label', name: 'X-Version' })]
    expect(await identify(given, rules)).toMatchObject({ target: 'ruled', version: '1.6' })
  })

  test('without one has the name of what holds it, and no version', async () => {
    const found = await identify(given, [rule('ruled', { comm: 'other' })])
    expect(found).toMatchObject({ target: 'shop.service', systemdUnit: 'shop.service' })
    expect(found?.version).toBeUndefined()
  })

  test('has the name of its program where the exporter is too', async () => {
    const own = placeOf('/system.slice/shop.service')
    expect((await identify(given, [], { own }))?.target).toBe('shopd')
  })

  test('in a container has the name of that', async () => {
    const contained = source({}, `/docker/${CONTAINER}`)
    expect(await identify(contained)).toMatchObject({ target: 'shop-app', containerId: CONTAINER })
  })
})

describe('what an interpreter runs', () => {
  const BASH = '/usr/bin/bash'
  const PYTHON = '/usr/bin/python3.11'
  const facts = (pid: number, parentPid: number, exe: string, layout: string) =>
    [pid, { stat: processStat(pid, { parentPid, layout, startSeconds: pid }), exe }] as const
  /** A shell, what it started, a worker that this forked, and one that it started as text. */
  const FACTS = new Map([
    facts(10, 1, BASH, 'a'),
    facts(11, 10, PYTHON, 'b'),
    facts(12, 11, PYTHON, 'b'),
    facts(13, 11, PYTHON, 'c'),
  ])
  const ARGV: Readonly<Record<number, readonly string[]>> = {
    11: ['python3', 'manage.py'],
    12: ['python: other.py'],
    13: ['python3', '-c', 'x'],
  }

  test('names it and its workers, whatever is written over their arguments', async () => {
    const given = source({
      find: (pid) => FACTS.get(pid),
      async look(_pid, _containerId, lineage) {
        const [found] = lineage.flatMap((pid) => whatRuns('python3.11', ARGV[pid] ?? []) ?? [])
        return { ...LOOK, program: found && { namedBy: 'script', text: `python: ${found.text}` } }
      },
    })
    const { identifier } = scene(given)
    await identifier.prepare([11, 12, 13])
    for (const pid of [11, 12, 13])
      expect(identifier.identify(pid)).toMatchObject({
        target: 'python: manage.py',
        namedBy: 'script',
        isUserNamed: true,
        program: 'python3.11',
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
      look: async (_, containerId) => ({
        ...LOOK,
        program: undefined,
        container: containerId === undefined ? undefined : { name: containerName, labels: {} },
      }),
    })
  }
  const named = async (identifier: ReturnType<typeof createIdentifier>, pid: number) => {
    await identifier.prepare([pid])
    const found = identifier.identify(pid)
    return [found?.target, found?.namedBy, found?.isUserNamed]
  }

  test('a command that calls itself like a unit', async () => {
    const given = machine({ 1: ['/system.slice/shop.service', 'shopd'], 2: ['/', 'shop.service'] })
    const { identifier } = scene(given, [])
    expect(await named(identifier, 2)).toEqual(['command:shop.service', 'command', true])
    expect(await named(identifier, 1)).toEqual(['shop.service', 'unit', false])
  })

  test('a command that calls itself like a rule, and a unit that has its name', async () => {
    const given = machine({ 1: ['/', 'billing'], 2: ['/system.slice/web.service', 'nginx'], 3: ['/', 'x'] })
    const rules = [rule('billing', { comm: 'x' }), rule('web.service', { comm: 'y' })]
    const { identifier } = scene(given, rules)
    expect(await named(identifier, 1)).toEqual(['command:billing', 'command', true])
    expect(await named(identifier, 2)).toEqual(['unit:web.service', 'unit', false])
    expect(await named(identifier, 3)).toEqual(['billing', 'rule', false])
  })

  test('a command that was called like a container before that was seen', async () => {
    const given = machine({ 1: ['/', 'shop'], 2: [`/docker/${CONTAINER}`, 'shopd'], 3: ['/', 'other'] })
    const { identifier } = scene(given, [])
    expect(await named(identifier, 1)).toEqual(['shop', 'command', true])
    expect(await named(identifier, 2)).toEqual(['shop', 'container', false])
    expect(await named(identifier, 1)).toEqual(['command:shop', 'command', true])
    await identifier.use({ targets: [], rulesOnly: false })
    expect(await named(identifier, 1)).toEqual(['command:shop', 'command', true])
  })

  test('a container of a user that has the id of another', async () => {
    const manager = '/user.slice/user-1000.slice/user@1000.service'
    const given = machine({ 1: [`${manager}/docker-${CONTAINER}.scope`, 'x'] })
    const { identifier } = scene(given, [])
    expect(await named(identifier, 1)).toEqual(['user@1000.service/abababababab', 'container', true])
    expect(identifier.identify(1)).toMatchObject({ containerId: undefined, podUid: undefined })
  })

  test('a container in another one has the name of that before it', async () => {
    const outer = 'cd'.repeat(32)
    const given = machine({ 1: [`/docker/${outer}/kubepods/docker-${CONTAINER}.scope`, 'x'] })
    const { identifier } = scene(given, [])
    expect(await named(identifier, 1)).toEqual(['cdcdcdcdcdcd/abababababab', 'container', true])
    expect(identifier.identify(1)?.containerId).toBe(CONTAINER)
  })

  test('with rules only, what none names is no target', async () => {
    const given = machine({ 1: ['/system.slice/shop.service', 'shopd'], 2: ['/', 'x'] })
    const { identifier } = scene(given, [rule('ruled', { comm: 'x' })], { rulesOnly: true })
    expect(await named(identifier, 1)).toEqual([undefined, 'unit', false])
    expect(await named(identifier, 2)).toEqual(['ruled', 'rule', false])
  })
})

describe('a process', () => {
  test('is looked at once per exec, and once more when the rules change', async () => {
    let looks = 0
    const given = source({
      async look() {
        looks += 1
        return { ...LOOK, commandLine: 'x' }
      },
    })
    const { identifier } = scene(given, [rule('a', { cmdline: 'x' })])
    for (let round = 0; round < 5; round += 1) await identifier.prepare([7])
    expect(identifier.identify(7)?.target).toBe('a')
    expect(looks).toBe(1)
    await identifier.use({ targets: [rule('b', { cmdline: 'x' })], rulesOnly: false })
    expect(identifier.identify(7)?.target).toBe('b')
    expect(looks).toBe(2)
  })

  test('has the runtime of its program, which its libraries do not tell', async () => {
    const runtimeOf = async (look: Partial<typeof LOOK>) => {
      const runtimeFiles = ['/usr/lib/x86_64-linux-gnu/libc.so.6']
      const found = await identify(source({ look: async () => ({ ...LOOK, runtimeFiles, ...look }) }))
      return whatWaitsTell(found?.runtimes ?? [])
    }
    expect(await runtimeOf({})).toBe('classifiable')
    expect(await runtimeOf({ marks: { ...NO_MARKS, sectionNames: ['.text', '.go.buildinfo'] } })).toBe(
      'unclassifiable',
    )
    // Files that were not read may be of another runtime.
    expect(await runtimeOf({ runtimeFiles: undefined })).toBe('unclassifiable')
  })

  test('says what it is', async () => {
    expect(await identify(source())).toMatchObject({
      key: 'boot:7@100:1:2',
      program: 'shopd',
      exe: '/srv/shop/bin/shopd (deleted)',
      startTimestampSeconds: 1_700_000_100,
      executable: { buildId: 'aa' },
    })
  })
})

describe('a process that is not looked at yet', () => {
  test('is pending, and nobody waits for it twice', async () => {
    let answer: (looked: Looked) => void = () => {}
    let looks = 0
    const given = source({
      look() {
        looks += 1
        return new Promise((resolve) => {
          answer = resolve
        })
      },
    })
    const { identifier } = scene(given)
    expect([identifier.identify(7), identifier.isPending(7)]).toEqual([undefined, true])
    const both = [identifier.prepare([7]), identifier.prepare([7])]
    expect(looks).toBe(1)
    answer(LOOK)
    await Promise.all(both)
    expect([identifier.identify(7)?.target, identifier.isPending(7)]).toEqual(['shopd', false])
  })

  test('stays so as long as nobody has the time to look, or it cannot be read', async () => {
    let looked: Looked = 'busy'
    let facts: ReturnType<ProcessSource['find']> = 'unreadable'
    const found = source().find(7)
    const { identifier } = scene(source({ find: () => facts, look: async () => looked }))
    await identifier.prepare([7])
    expect([identifier.identify(7), identifier.isPending(7)]).toEqual([undefined, true])
    facts = found
    await identifier.prepare([7])
    expect([identifier.identify(7), identifier.isPending(7)]).toEqual([undefined, true])
    looked = LOOK
    // The look that began when it was asked for found nobody yet.
    for (let tries = 0; tries < 2; tries += 1) await identifier.prepare([7])
    expect(identifier.identify(7)?.target).toBe('shopd')
  })

  test('is not taken for another where something of it could not be read', async () => {
    let failures = 0
    let isBroken = true
    const user = () => {
      if (isBroken) failures += 1
      return isBroken ? [] : ['shop']
    }
    const given = source({ user, failures: () => failures })
    const { identifier } = scene(given, [rule('ruled', { user: 'shop' })])
    await identifier.prepare([7])
    expect([identifier.identify(7), identifier.isPending(7)]).toEqual([undefined, true])
    isBroken = false
    for (let tries = 0; tries < 2; tries += 1) await identifier.prepare([7])
    expect(identifier.identify(7)?.target).toBe('ruled')
  })

  test('and has ended meanwhile is nobody', async () => {
    const { identifier } = scene(source({ look: async () => 'gone' }))
    await identifier.prepare([7])
    expect([identifier.identify(7), identifier.isPending(7)]).toEqual([undefined, false])
  })
})

test('a process whose files do not answer is known by its name alone, and looked at again ever more seldom', async () => {
  const looks: bigint[] = []
  let looked: Looked = 'failed'
  const { identifier, clock } = scene(
    source({
      async look() {
        looks.push(clock.nowNs / SECOND)
        return looked
      },
    }),
  )
  for (; clock.nowNs < 500n * SECOND; clock.nowNs += SECOND) {
    await identifier.prepare([7])
    await Promise.resolve()
    if (clock.nowNs === 400n * SECOND) looked = LOOK
  }
  expect(looks).toEqual([0n, 60n, 180n, 420n])
  expect(identifier.identify(7)).toMatchObject({ target: 'shopd', executable: { buildId: 'aa' } })
})

test('a version whose file did not answer is asked for again; one that is known is kept', async () => {
  const asked: (readonly [bigint, string])[] = []
  let line: Awaited<ReturnType<ProcessSource['firstLine']>> = 'failed'
  const { identifier, clock } = scene(
    source({
      async firstLine(_, path) {
        asked.push([clock.nowNs / SECOND, path])
        return line
      },
    }),
    [rule('shop', { comm: 'shopd' }, { kind: 'file', path: '/V' })],
  )
  const versions = new Set<string | undefined>()
  for (; clock.nowNs < 300n * SECOND; clock.nowNs += SECOND) {
    await identifier.prepare([7])
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve()
    versions.add(identifier.identify(7)?.version)
    if (clock.nowNs === 60n * SECOND) line = 'put-off'
    if (clock.nowNs === 180n * SECOND) line = { answer: '2' }
  }
  // After a minute, then after two, and soon where nobody has looked.
  expect(asked.map(([second]) => second)).toEqual([0n, 60n, 180n, 190n])
  expect([...versions]).toEqual([undefined, '2'])
})
