import { type Asked, createReaderProcess, type ReaderPlaces, startReader } from '../foreign/reader-process.js'
import { createRefusalLog, type RefusalLog } from '../foreign/refusal-log.js'
import type { Logger } from '../log/logger.js'
import { describeLook, LOOK_LIMIT_MS, type LookAnswer } from '../process/foreign-source.js'
import type { LookRequest } from '../process/process-looks.js'
import { createProcessCostMeter, type ProcessCost } from '../sample/process-cost.js'
import type { Procfs } from '../sample/procfs.js'
import type { GoMutexAnswer, GoMutexRequest } from '../symbolize/go-mutex-finder.js'
import type { InterpreterLockAnswer, InterpreterLockRequest } from '../symbolize/interpreter-lock-finder.js'
import { LOCK_NAME_LIMIT_MS, type LockName, type LockNameRequest } from '../symbolize/lock-namer.js'

/** The processes that read what other processes control. */
export type Readers = ReturnType<typeof createReaders>

/** Starts a reader: another one in tests. */
export type StartReader = typeof startReader

/** What reads of processes keeps nothing: where none is new, it need not be there. Milliseconds. */
const IDLE_MS = 60_000

/** One for processes, which is soon done, and one for names and places of locks, which may read large files. */
export function createReaders(
  places: ReaderPlaces,
  procfs: Parameters<typeof createProcessCostMeter>[0] & Pick<Procfs, 'readUid' | 'readCgroup'>,
  logger: Pick<Logger, 'warn'>,
  start: StartReader = startReader,
) {
  const refusals: RefusalLog = createRefusalLog(logger)
  const options = { start: () => start(places), onRefused: refusals.add }

  /** Who answers for a process: its user; of root's, those of one cgroup, and each by itself that has none. */
  function ownerOf(pid: number): string | undefined {
    const uid = procfs.readUid(pid)
    if (uid !== 0) return uid === undefined ? undefined : `user ${uid}`
    const paths = procfs.readCgroup(pid)
    const cgroup = paths?.unified ?? paths?.v1.get('name=systemd') ?? '/'
    return cgroup === '/' ? `root, process ${pid}` : `root, cgroup ${cgroup}`
  }

  const processes = createReaderProcess<LookRequest, LookAnswer>({
    ...options,
    limitMs: LOOK_LIMIT_MS,
    idleMs: IDLE_MS,
    pathOf: describeLook,
    ownerOf: (request) => ('pid' in request ? ownerOf(request.pid) : undefined),
  })
  const locks = createReaderProcess<
    LockNameRequest | InterpreterLockRequest | GoMutexRequest,
    LockName | InterpreterLockAnswer | GoMutexAnswer
  >({
    ...options,
    limitMs: LOCK_NAME_LIMIT_MS,
    pathOf: ({ pid }) => `/proc/${pid}`,
    ownerOf: ({ pid }) => ownerOf(pid),
  })
  const meters = [processes, locks].map(({ pids }) => {
    const meter = createProcessCostMeter(procfs)
    // The last one runs; those before it were left behind.
    return { count: () => meter.count(pids().at(-1)), look: () => meter.look(pids().at(-1)) }
  })

  return {
    processes,
    // What is asked for says what the answer is.
    lockNames: {
      ask: (request: LockNameRequest) => locks.ask(request) as Promise<Asked<LockName | undefined>>,
    },
    interpreterLocks: {
      ask: (request: InterpreterLockRequest) => locks.ask(request) as Promise<Asked<InterpreterLockAnswer>>,
    },
    goMutexes: {
      ask: (request: GoMutexRequest) => locks.ask(request) as Promise<Asked<GoMutexAnswer>>,
    },
    refused: refusals.count,
    /** Counts the CPU time so far, before one of them is replaced. */
    countCost() {
      for (const meter of meters) meter.count()
    },
    cost(): ProcessCost {
      return meters
        .map((meter) => meter.look())
        .reduce((a, b) => ({
          cpuSeconds: a.cpuSeconds + b.cpuSeconds,
          residentBytes: (a.residentBytes ?? 0) + (b.residentBytes ?? 0),
        }))
    },
    pids: () => [...processes.pids(), ...locks.pids()],
    close() {
      processes.close()
      locks.close()
    },
  }
}
