import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

/** What a folder of src (or a file in it) may import beside itself. */
interface Border {
  /** Values and types. */
  readonly imports: readonly string[] | 'everything'
  /** Types only. */
  readonly types?: readonly string[]
  readonly packages?: readonly string[]
  /** Text in, values out: no node:, no clock, no ambient randomness. */
  readonly pure?: true
}

const BORDERS: Readonly<Record<string, Border>> = {
  main: { imports: ['cli', 'privileges', 'version'] },
  reader: { imports: ['foreign', 'process', 'symbolize'] },
  version: { imports: [] },
  app: { imports: 'everything' },
  'drop-oldest': { imports: [], pure: true },
  'small-file': { imports: [] },
  cli: {
    imports: ['api', 'app', 'config', 'log', 'privileges', 'simulate', 'tracer', 'what-if'],
    types: ['estimate'],
    packages: ['commander'],
  },
  http: {
    imports: ['api', 'small-file'],
    types: ['config', 'log', 'metrics', 'what-if'],
    packages: [
      '@fastify/rate-limit',
      '@fastify/swagger',
      '@node-rs/bcrypt',
      'fastify',
      'marked',
      'marked-gfm-heading-id',
    ],
  },
  metrics: {
    imports: ['estimate', 'foreign', 'model', 'parse'],
    types: ['api', 'assess', 'deploys', 'resources', 'sample', 'targets', 'tracer'],
    packages: ['prom-client'],
  },
  targets: {
    imports: ['assess', 'deploys', 'drop-oldest', 'join', 'parse', 'resources', 'runtimes'],
    types: ['config', 'process'],
  },
  deploys: {
    imports: ['config', 'drop-oldest', 'estimate', 'log', 'process'],
    packages: ['write-file-atomic'],
  },
  process: {
    imports: ['config', 'drop-oldest', 'foreign', 'interpreters', 'join', 'parse', 'runtimes', 'sample'],
  },
  'what-if': { imports: ['api', 'model', 'simulate'] },
  api: { imports: ['estimate', 'model', 'resources', 'runtimes'], packages: ['zod'], pure: true },
  simulate: { imports: ['assess', 'estimate', 'join', 'parse'], pure: true },
  assess: { imports: ['estimate', 'join', 'model', 'resources'], types: ['runtimes'], pure: true },
  resources: { imports: ['join'], pure: true },
  symbolize: { imports: ['drop-oldest', 'foreign', 'parse', 'runtimes'], types: ['join'] },
  privileges: { imports: ['parse'], types: ['config'] },
  tracer: { imports: ['config', 'log', 'parse', 'privileges'], packages: ['execa'] },
  sample: { imports: ['drop-oldest', 'join', 'parse'], packages: ['systeminformation'] },
  foreign: { imports: ['drop-oldest', 'parse'], types: ['log'] },
  runtimes: { imports: ['parse'], pure: true },
  interpreters: { imports: [], pure: true },
  estimate: { imports: [], pure: true },
  join: { imports: ['parse'], pure: true },
  model: { imports: [], pure: true },
  parse: { imports: [], pure: true },
  config: { imports: ['estimate', 'small-file'], packages: ['re2js', 'yaml', 'zod'] },
  log: { imports: [], types: ['config'], packages: ['pino'] },
}

const AMBIENT =
  /\b(?:Date\.now|new Date|performance\.|Math\.random|crypto\.|setTimeout|setInterval|setImmediate)/
/** `process` alone is also a word of the field: these are the members of Node's. */
const NODE_PROCESS =
  /\bprocess\.(?:arch|argv|cpuUsage|cwd|emit|env|exit|exitCode|getuid|hrtime|kill|memoryUsage|nextTick|off|on|once|platform|resourceUsage|stderr|stdin|stdout|uptime|versions?)\b/

interface Import {
  readonly file: string
  readonly from: string
  readonly specifier: string
  readonly isTypeOnly: boolean
}

const SRC = fileURLToPath(new URL('../src/', import.meta.url))
const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
const sources = new Map(files.map((file) => [file, readFileSync(join(SRC, file), 'utf8')]))
const imports = [...sources].flatMap(([file, text]) => importsOf(file, text))

function importsOf(file: string, text: string): Import[] {
  const statements = /^(?:import|export)\s+(type\s)?(?:[^'"();]*?\sfrom\s+)?['"]([^'"]+)['"]/gm
  const calls = /\b()import\(\s*['"]([^'"]+)['"]/g
  return [...text.matchAll(statements), ...text.matchAll(calls)].map(([, type, specifier = '']) => ({
    file,
    from: folderOf(file),
    specifier,
    isTypeOnly: type !== undefined && type !== '',
  }))
}

/** `http/server.ts` → http; `app.ts` → app. */
function folderOf(path: string): string {
  return (path.split(sep)[0] ?? '').replace(/\.[jt]s$/, '')
}

/** The folder an import leads to; undefined for a package. */
function importedFolder({ file, specifier }: Import): string | undefined {
  return specifier.startsWith('.') ? folderOf(normalize(join(dirname(file), specifier))) : undefined
}

function violation(found: Import): string | undefined {
  const { file, from, specifier, isTypeOnly } = found
  const border = BORDERS[from]
  if (border === undefined) return `src/${file}: the folder ${from} is not in the table of this test`
  const to = importedFolder(found)
  const refused = `src/${file} imports '${specifier}'`
  if (to !== undefined) {
    if (to === from || border.imports === 'everything' || border.imports.includes(to)) return undefined
    if (border.types?.includes(to))
      return isTypeOnly ? undefined : `${refused}: ${from} may import types only of ${to}`
    return `${refused}: ${from} may not import ${to}`
  }
  if (specifier.startsWith('node:')) return border.pure ? `${refused}: ${from} is pure` : undefined
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
  return border.packages?.includes(name)
    ? undefined
    : `${refused}: ${from} may not import the package ${name}`
}

/** A way through the folders that comes back to where it began. */
function findCycle(edges: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] | undefined {
  const done = new Set<string>()
  const visit = (folder: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(folder)) return [...path.slice(path.indexOf(folder)), folder]
    if (done.has(folder)) return undefined
    for (const next of edges.get(folder) ?? []) {
      const cycle = visit(next, [...path, folder])
      if (cycle !== undefined) return cycle
    }
    done.add(folder)
    return undefined
  }
  for (const folder of edges.keys()) {
    const cycle = visit(folder, [])
    if (cycle !== undefined) return cycle
  }
  return undefined
}

describe('the modules of src', () => {
  test('import only what the table allows', () => {
    expect(imports.length).toBeGreaterThan(0)
    expect(imports.flatMap((found) => violation(found) ?? [])).toEqual([])
  })

  test('that are pure lead to nothing that is not, by whatever way', () => {
    const impure = Object.entries(BORDERS).flatMap(([folder, { pure, imports: allowed }]) =>
      pure && allowed !== 'everything'
        ? allowed.filter((to) => !BORDERS[to]?.pure).map((to) => [folder, to])
        : [],
    )
    expect(impure).toEqual([])
  })

  test('have no loop between folders', () => {
    const edges = new Map<string, Set<string>>()
    for (const found of imports) {
      const to = importedFolder(found)
      if (to !== undefined && to !== found.from)
        edges.set(found.from, (edges.get(found.from) ?? new Set()).add(to))
    }
    expect(findCycle(edges)?.join(' → ')).toBeUndefined()
  })

  test('leave the process to main.ts, and that of the reader to reader.ts', () => {
    const touching = [...sources].filter(
      ([file, text]) =>
        file !== 'main.ts' &&
        file !== 'reader.ts' &&
        (NODE_PROCESS.test(text) || text.includes("'node:process'")),
    )
    expect(touching.map(([file]) => `src/${file}`)).toEqual([])
  })

  test('have no clock and no randomness where they are pure', () => {
    const impure = [...sources].filter(([file, text]) => BORDERS[folderOf(file)]?.pure && AMBIENT.test(text))
    expect(impure.map(([file]) => `src/${file}`)).toEqual([])
  })
})

describe('this test', () => {
  test.each([
    ['parse/a.ts', "import { readFile } from 'node:fs'", "src/parse/a.ts imports 'node:fs': parse is pure"],
    [
      'model/a.ts',
      "import {\n  z,\n} from 'zod'",
      "src/model/a.ts imports 'zod': model may not import the package zod",
    ],
    [
      'http/a.ts',
      "import { b } from '../log/b.js'",
      "src/http/a.ts imports '../log/b.js': http may import types only of log",
    ],
    ['join/a.ts', "export * from '../app.js'", "src/join/a.ts imports '../app.js': join may not import app"],
    [
      'join/a.ts',
      "import '../targets/b.js'",
      "src/join/a.ts imports '../targets/b.js': join may not import targets",
    ],
    [
      'cli/a.ts',
      "await import('@scope/name/deep')",
      "src/cli/a.ts imports '@scope/name/deep': cli may not import the package @scope/name",
    ],
    ['new/a.ts', "import './b.js'", 'src/new/a.ts: the folder new is not in the table of this test'],
  ])('finds in %s %j', (file, text, message) => {
    expect(importsOf(file, text).map(violation)).toEqual([message])
  })

  test.each([
    ['http/a.ts', "import type { Logger } from '../log/logger.js'"],
    ['http/a.ts', "import { fastify } from 'fastify'"],
    ['app.ts', "import { a } from './tracer/a.js'"],
    ['join/a.ts', "import { a } from './b.js'"],
  ])('allows in %s %j', (file, text) => {
    expect(importsOf(file, text).map(violation)).toEqual([undefined])
  })

  test('finds a loop', () => {
    const edges = new Map([
      ['a', new Set(['b'])],
      ['b', new Set(['c'])],
      ['c', new Set(['b'])],
    ])
    expect(findCycle(edges)).toEqual(['b', 'c', 'b'])
  })
})
