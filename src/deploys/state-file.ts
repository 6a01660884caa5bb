import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  unlinkSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import { NAMED_BY } from '../config/named-by.js'
import type { BatchSums } from '../estimate/ratio-interval.js'
import type { Executable, Start } from '../process/release.js'
import type { Change } from './change.js'
import type { TrackerState } from './change-tracker.js'
import { makeStateFolder } from './state-folder.js'

/** What is known of the targets' deploys, kept over a restart of the exporter. */
export interface StateFile {
  /** Empty where there is no file. @throws {Error} There is one that cannot be read or is none of ours. */
  read(): ReadonlyMap<string, TrackerState>
  /** Replaces the file as a whole: whoever reads it sees the old or the new one. Rejects with why it could not be written. */
  write(states: ReadonlyMap<string, TrackerState>): Promise<void>
}

const FORMAT = 1

export function createStateFile(path: string): StateFile {
  return {
    read() {
      if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return new Map()
      makeStateFolder(dirname(path))
      removeUnfinished(path)
      return parseStates(readRegularFile(path), path)
    },
    async write(states) {
      makeStateFolder(dirname(path))
      const found = lstatSync(path, { throwIfNoEntry: false })
      if (found && !found.isFile()) throw new Error(`${path} is no regular file: remove it`)
      await writeFileAtomic(
        path,
        `${JSON.stringify({ format: FORMAT, targets: Object.fromEntries(states) })}\n`,
        {
          mode: 0o600,
        },
      )
    },
  }
}

/** Writing takes some milliseconds: what is older was left by an exporter that was killed meanwhile. Milliseconds. */
const UNFINISHED_MS = 10_000

/** Removes what write-file-atomic has put beside the file, in whose place it was to be: its name and a number. */
function removeUnfinished(path: string): void {
  const folder = dirname(path)
  const prefix = `${basename(path)}.`
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(prefix) || !/^\d+$/.test(name.slice(prefix.length))) continue
    const left = join(folder, name)
    const found = lstatSync(left, { throwIfNoEntry: false })
    if (!found?.isFile() || Date.now() - found.mtimeMs <= UNFINISHED_MS) continue
    try {
      unlinkSync(left)
    } catch {
      // EROFS: it stays, and does no harm.
    }
  }
}

/** A thousand targets have a hundredth of that. Bytes. */
const MAX_BYTES = 64 * 1024 * 1024

/** @throws {Error} It is a link, a pipe or the like, is not there, or is too large. */
function readRegularFile(path: string): string {
  // A pipe is not waited for, and a link not followed.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  try {
    const found = fstatSync(file)
    if (!found.isFile()) throw new Error(`${path} is no regular file: remove it`)
    if (found.size > MAX_BYTES) throw new Error(`${path} is larger than ${MAX_BYTES} bytes: remove it`)
    return readFileSync(file, 'utf8')
  } finally {
    closeSync(file)
  }
}

/** @throws {Error} The text is no state file of this format. */
export function parseStates(text: string, path: string): ReadonlyMap<string, TrackerState> {
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch {
    data = undefined
  }
  const targets = isObject(data) && data.format === FORMAT ? data.targets : undefined
  if (!isObject(targets)) throw new Error(`${path} is no state file of this version`)
  const states = new Map<string, TrackerState>()
  for (const [name, value] of Object.entries(targets)) {
    if (!isTrackerState(value)) throw new Error(`${path}: the entry ${JSON.stringify(name)} is damaged`)
    states.set(name, value)
  }
  return states
}

type Shape<T> = { readonly [K in keyof Required<T>]: (value: unknown) => boolean }

/** Whether every member is there as its check wants it; JSON leaves out what is undefined. */
function has<T>(shape: Shape<T>): (value: unknown) => value is T {
  const checks = Object.entries<(value: unknown) => boolean>(shape)
  return (value): value is T => isObject(value) && checks.every(([key, check]) => check(value[key]))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const isNumber = (value: unknown) => typeof value === 'number' && Number.isFinite(value)
const isString = (value: unknown) => typeof value === 'string'
const optional = (check: (value: unknown) => boolean) => (value: unknown) =>
  value === undefined || check(value)

const isSums = has<BatchSums>({
  batches: isNumber,
  part: isNumber,
  whole: isNumber,
  partSquares: isNumber,
  products: isNumber,
  wholeSquares: isNumber,
})

const isExecutable = has<Executable>({
  inode: isNumber,
  sizeBytes: isNumber,
  mtimeSeconds: isNumber,
  buildId: optional(isString),
})

const isStart = has<Start>({
  key: isString,
  pid: isNumber,
  startTimestampSeconds: isNumber,
  program: isString,
  executable: optional(isExecutable),
  version: optional(isString),
})

const isChange = has<Change>({
  timestampSeconds: isNumber,
  source: (value) => value === 'observed' || value === 'announced',
  versionBefore: optional(isString),
  versionAfter: optional(isString),
  before: isSums,
  after: isSums,
  lockBefore: optional(isString),
  lockAfter: optional(isString),
  sinceSeconds: isNumber,
  untilSeconds: isNumber,
})

const isTrackerState = has<TrackerState>({
  start: optional(isStart),
  startedAtSeconds: isNumber,
  aliveUntilSeconds: optional(isNumber),
  announcedVersion: optional(isString),
  deploys: isNumber,
  restarts: isNumber,
  deploy: optional(isChange),
  restart: optional(isChange),
  sequentialThreads: optional((value) => Array.isArray(value) && value.every(isString)),
  namedBy: optional((value) => NAMED_BY.some((kind) => kind === value)),
  isUserNamed: optional((value) => typeof value === 'boolean'),
  recent: isSums,
  recentUntilSeconds: isNumber,
})
