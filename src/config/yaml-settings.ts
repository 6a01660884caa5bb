import {
  type Document,
  isCollection,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml'
import type { Position } from './config-error.js'

export interface YamlIssue {
  readonly position: Position
  readonly message: string
}

/** YAML text as plain data that remembers where each part of it stood. */
export interface LocatedData {
  readonly data: unknown
  /** Where the value at `path` stands, or its key; a part that is not there stands where the nearest one around it does. */
  locate(path: readonly (string | number)[], part: 'key' | 'value'): Position
}

export type ParsedYaml =
  | { readonly ok: true; readonly located: LocatedData }
  | { readonly ok: false; readonly issues: readonly YamlIssue[] }

/** The parser recurses, and takes what the engine throws for an error of the text. */
const STACK_EXHAUSTED = 'Maximum call stack size exceeded'
const TOO_DEEP = 'nested too deeply; the settings have five levels'

interface YamlRules {
  /** Go's YAML: `yes` is true, aliases are taken. Else aliases are refused: each value stands where it is used. */
  readonly isGo?: boolean
}

/** Parses one YAML document. Never throws; takes linear time. */
export function parseYaml(text: string, rules: YamlRules = {}): ParsedYaml {
  try {
    return parse(text, rules)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return {
      ok: false,
      issues: [{ position: { line: 1, column: 1 }, message: TOO_DEEP }],
    }
  }
}

function parse(text: string, { isGo = false }: YamlRules): ParsedYaml {
  const lineCounter = new LineCounter()
  const positionOf = (offset: number): Position => {
    const { line, col } = lineCounter.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  // Its own search for duplicate keys compares each with each.
  const document = parseDocument(text, {
    version: isGo ? '1.1' : '1.2',
    lineCounter,
    prettyErrors: false,
    logLevel: 'error',
    uniqueKeys: false,
  })
  const tooDeep = document.errors.find(({ message }) => message === STACK_EXHAUSTED)
  if (tooDeep) return { ok: false, issues: [{ position: positionOf(tooDeep.pos[0]), message: TOO_DEEP }] }
  const issues = [...document.errors, ...document.warnings].map(({ pos, message }) => ({
    position: positionOf(pos[0]),
    message,
  }))
  visit(document, {
    Map: (_, map) => {
      for (const { key } of map.items) {
        if (!isCollection(key)) continue
        const message = 'a key must be a word, not a map or a list'
        issues.push({ position: positionOf(startOf(key) ?? 0), message })
      }
      for (const key of duplicateKeys(map)) {
        const message = `duplicate key ${nameOf(key)}; keep one of the two`
        issues.push({ position: positionOf(startOf(key) ?? 0), message })
      }
    },
    Alias: (_, { source, range }) => {
      if (isGo) return
      const message = `alias *${source}: aliases are not supported; write the value here`
      issues.push({ position: positionOf(range?.[0] ?? 0), message })
    },
  })
  if (issues.length > 0) return { ok: false, issues }
  let data: unknown
  try {
    data = document.toJS()
  } catch (error) {
    // An alias of nothing, or too many of them.
    const message = error instanceof Error ? error.message : String(error)
    return { ok: false, issues: [{ position: positionOf(0), message }] }
  }
  return { ok: true, located: { data, locate: (path, part) => positionOf(offsetOf(document, path, part)) } }
}

function duplicateKeys({ items }: YAMLMap): readonly unknown[] {
  const seen = new Set<string>()
  return items.flatMap(({ key }) => {
    if (isCollection(key)) return []
    const name = nameOf(key)
    if (seen.has(name)) return [key]
    seen.add(name)
    return []
  })
}

function offsetOf(document: Document, path: readonly (string | number)[], part: 'key' | 'value'): number {
  let node: unknown = document.contents
  let offset = startOf(node) ?? 0
  for (const [index, step] of path.entries()) {
    const pair = isMap(node) ? node.items.find(({ key }) => nameOf(key) === String(step)) : undefined
    const inside = pair?.value ?? (isMap(node) ? undefined : childOf(node, step))
    const wanted = index === path.length - 1 && part === 'key' ? pair?.key : (inside ?? pair?.key)
    offset = startOf(wanted) ?? offset
    node = inside
  }
  return offset
}

/** Of a key that is no map or list: the text of those in one another takes twice as long for each. */
function nameOf(key: unknown): string {
  return isScalar(key) ? String(key.value) : String(key)
}

function childOf(node: unknown, step: string | number): unknown {
  return isNode(node) && 'items' in node && Array.isArray(node.items) ? node.items[Number(step)] : undefined
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? (node as Node).range?.[0] : undefined
}
