import {
  type Document,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLError,
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

interface YamlRules {
  /** Go's YAML: `yes` is true, aliases are taken. Else aliases are refused: each value stands where it is used. */
  readonly isGo?: boolean
}

/** Parses one YAML document. Never throws. */
export function parseYaml(text: string, { isGo = false }: YamlRules = {}): ParsedYaml {
  const lineCounter = new LineCounter()
  const positionOf = (offset: number): Position => {
    const { line, col } = lineCounter.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  let document: Document
  try {
    const version = isGo ? '1.1' : '1.2'
    document = parseDocument(text, { version, lineCounter, prettyErrors: false, logLevel: 'error' })
  } catch (error) {
    // The parser recurses: a few thousand nested brackets exhaust the stack.
    if (!(error instanceof RangeError)) throw error
    return { ok: false, issues: [{ position: positionOf(0), message: 'nested too deeply; use two levels' }] }
  }
  const issues = [...document.errors, ...document.warnings].map((error) => ({
    position: positionOf(error.pos[0]),
    message: describeYamlError(error, text),
  }))
  visit(document, {
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

function describeYamlError(error: YAMLError, text: string): string {
  if (error.code === 'DUPLICATE_KEY') {
    const key = /^[^\s:]*/.exec(text.slice(error.pos[0]))?.[0]
    return `duplicate key ${key}; keep one of the two`
  }
  return error.message
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

function nameOf(key: unknown): string {
  return isScalar(key) ? String(key.value) : String(key)
}

function childOf(node: unknown, step: string | number): unknown {
  return isNode(node) && 'items' in node && Array.isArray(node.items) ? node.items[Number(step)] : undefined
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? (node as Node).range?.[0] : undefined
}
