import { isInterpreter } from '../interpreters/what-runs.js'
import { executableName } from './executable-name.js'
import type { ProcessFacts } from './process-directory.js'
import type { ProcessSource } from './process-source.js'

/** Generations that are gone back, and those whose arguments are read. */
const MAX_GENERATIONS = 16
const MAX_READ = 4

/**
 * The processes whose arguments tell what an interpreter runs in a process. First the one that began its program by an
 * exec: those that were forked from it have the same code at the same addresses, and may have written over their
 * arguments. Then those before it that run the same executable: a worker that is started as text belongs to them.
 *
 * @returns Pids; none where no interpreter runs.
 */
export function lineageOf(facts: ProcessFacts, find: ProcessSource['find']): readonly number[] {
  if (facts.exe === undefined || !isInterpreter(executableName(facts.exe))) return []
  const started: number[] = []
  let one = facts
  for (let generation = 0; generation < MAX_GENERATIONS && started.length < MAX_READ; generation += 1) {
    const parent = find(one.stat.parentPid)
    const isKin = typeof parent === 'object' && parent.exe === facts.exe && isOlder(parent, one)
    if (!isKin || parent.stat.layout !== one.stat.layout) started.push(one.stat.pid)
    if (!isKin) return started
    one = parent
  }
  return started.length === 0 ? [facts.stat.pid] : started
}

/** Where a parent has ended, its number may be another process's by now. */
function isOlder(parent: ProcessFacts, child: ProcessFacts): boolean {
  return parent.stat.startSeconds <= child.stat.startSeconds
}
