import { readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { readHostText } from '../foreign/host-text.js'
import type { Refusals } from '../foreign/refusal.js'

/** Where the system manager looks for units, first wins (systemd.unit(5), "Unit File Load Path"). */
const UNIT_FOLDERS = [
  'run/systemd/transient',
  'etc/systemd/system',
  'run/systemd/system',
  'run/systemd/generator',
  'usr/local/lib/systemd/system',
  'usr/lib/systemd/system',
  'lib/systemd/system',
  'run/systemd/generator.late',
]

/**
 * Value of a key such as `X-Version` in the [Unit] or [Service] section of a system unit or its drop-ins; systemd
 * leaves keys that begin with `X-` to others (systemd.unit(5)). It is what the files say now: systemd itself may still
 * run by what they said before.
 *
 * @param rootfs Root of the machine's file system.
 * @param unit Name with its suffix, such as app@1.service.
 * @returns The value that is assigned last; undefined where there is none, or an empty one.
 */
export function readUnitLabel(
  rootfs: string,
  unit: string,
  key: string,
  refusals: Refusals,
): string | undefined {
  if (!/^[\w:.@\\-]+\.[a-z]+$/.test(unit)) return undefined
  const names = namesOf(unit)
  const read = (path: string) => readHostText(path, refusals)
  const texts = [readUnit(read, rootfs, names), ...readDropIns(read, rootfs, names, unit)]
  return texts.reduce<string | undefined>((value, text) => lastValue(text, key, value), undefined)
}

type ReadText = (path: string) => string | undefined

/** A unit, and the template it is made from: app@1.service, app@.service. */
function namesOf(unit: string): readonly string[] {
  const template = unit.replace(/@.+(\.[a-z]+)$/, '@$1')
  return template === unit ? [unit] : [unit, template]
}

function readUnit(read: ReadText, rootfs: string, names: readonly string[]): string {
  for (const name of names) {
    for (const folder of UNIT_FOLDERS) {
      const path = join(rootfs, folder, name)
      const text = isMasked(path) ? '' : read(path)
      if (text !== undefined) return text
    }
  }
  return ''
}

/** A link to /dev/null hides what the other folders have. */
function isMasked(path: string): boolean {
  try {
    return readlinkSync(path) === '/dev/null'
  } catch {
    return false
  }
}

/**
 * Drop-ins apply in the order of their names, whatever the folder; of the same name the first folder's counts. Those of
 * a template, of all units with a prefix (`a-.service.d` for a-b.service) and of a type (`service.d`) apply too
 * (systemd.unit(5)).
 */
function readDropIns(
  read: ReadText,
  rootfs: string,
  names: readonly string[],
  unit: string,
): readonly string[] {
  const type = unit.slice(unit.lastIndexOf('.') + 1)
  const found = new Map<string, string>()
  for (const name of [...names, ...names.flatMap(prefixesOf), type]) {
    for (const folder of UNIT_FOLDERS) {
      const dropIns = join(rootfs, folder, `${name}.d`)
      for (const file of confFilesIn(dropIns)) {
        if (!found.has(file)) found.set(file, join(dropIns, file))
      }
    }
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => read(path) ?? '')
}

/** a-b-c@1.service: a-b-@1.service, a-@1.service. */
function prefixesOf(name: string): readonly string[] {
  const [, stem = '', rest = ''] = /^([^@]*?)(@.*|\.[a-z]+)$/.exec(name) ?? []
  return [...stem.matchAll(/-/g)].map(({ index }) => stem.slice(0, index + 1) + rest).reverse()
}

function confFilesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((file) => file.endsWith('.conf'))
  } catch {
    return []
  }
}

/** systemd.syntax(7): comments, lines continued by a backslash, an empty value takes back what was assigned before. */
function lastValue(text: string, key: string, before: string | undefined): string | undefined {
  let value = before
  let section = ''
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*[#;]/.test(line))
    .join('\n')
    .replaceAll('\\\n', ' ')
    .split('\n')
  for (const line of lines) {
    const header = /^\s*\[(.*)\]\s*$/.exec(line)
    if (header) section = header[1] ?? ''
    const equals = line.indexOf('=')
    if (header || equals < 0 || (section !== 'Unit' && section !== 'Service')) continue
    if (line.slice(0, equals).trim() === key) value = line.slice(equals + 1).trim() || undefined
  }
  return value
}
