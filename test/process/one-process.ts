import { createPattern } from '../../src/config/pattern.js'
import type { Condition, TargetRule, VersionSource } from '../../src/config/target-rule.js'
import { type CgroupIdentity, identifyCgroup, parseProcCgroup } from '../../src/parse/cgroup.js'
import type { ProcessFacts } from '../../src/process/process-directory.js'
import type { ProcessLook } from '../../src/process/process-looks.js'
import type { PlacedProcess, ProcessSource } from '../../src/process/process-source.js'
import { NO_MARKS } from '../../src/runtimes/runtime.js'
import { processStat } from '../support/measured.js'

export const CONTAINER = 'ab'.repeat(32)

const FACTS: ProcessFacts = {
  stat: processStat(7, { startSeconds: 100, layout: '1:2' }),
  exe: '/srv/shop/bin/shopd (deleted)',
}

export function rule(
  name: string,
  match: Readonly<Partial<Record<Condition, string>>>,
  version?: VersionSource,
): TargetRule {
  const conditions = Object.entries(match).map(
    ([condition, source]) =>
      [condition as Condition, createPattern(source, { isAnchored: condition !== 'cmdline' })] as const,
  )
  return { name, match: new Map(conditions), version }
}

const SHOP_APP = { name: 'shop-app', labels: { 'org.opencontainers.image.version': '1.5' } }

export const LOOK: ProcessLook = {
  program: { namedBy: 'command', text: 'shopd' },
  executable: { inode: 1, sizeBytes: 2, mtimeSeconds: 3, buildId: 'aa' },
  marks: NO_MARKS,
  runtimeFiles: [],
  commandLine: '/srv/shop/bin/shopd --release=1.2 --port 80',
  container: undefined,
}

/** A machine with one process; `cgroup` is its path. */
export function source(change: Partial<ProcessSource> = {}, cgroup = '/'): ProcessSource {
  return {
    find: () => FACTS,
    look: async (_, containerId) => ({
      ...LOOK,
      container: containerId === undefined ? undefined : SHOP_APP,
    }),
    environment: async (_, name) => ({ answer: name === 'APP_VERSION' ? '1.3' : undefined }),
    cgroup: () => parseProcCgroup(`0::${cgroup}\n`),
    failures: () => 0,
    user: () => ['shop', '1001'],
    firstLine: async (_, path) => ({ answer: path === '/srv/shop/VERSION' ? '1.4 ' : undefined }),
    unitLabel: async (_, key) => ({ answer: key === 'X-Version' ? '1.6' : undefined }),
    ...change,
  }
}

/** The process of `source`, in a cgroup. */
export function placed(cgroup: string, change: Partial<PlacedProcess> = {}): PlacedProcess {
  const place = placeOf(cgroup)
  const container = place.containerId === undefined ? undefined : SHOP_APP
  const { commandLine, program } = LOOK
  return { facts: FACTS, place, container, commandLine, program, ...change }
}

export function placeOf(cgroup: string): CgroupIdentity {
  return identifyCgroup(parseProcCgroup(`0::${cgroup}\n`))
}
