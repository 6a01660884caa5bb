import { type Child, start, until } from '../../e2e/support/process.js'
import { programNamed } from '../../e2e/support/workload.js'
import { familyOf } from './observe.js'
import type { Launch, ProgramReport, Row, RunningProgram } from './row.js'

/** It ends by itself, should the bench die. */
const BOUND = ['--duration', '3600s']

/** What a row of a program has beside its command line. */
type Rest = Omit<Row, 'start' | 'target' | 'section' | 'command'>

/** A row that is one of the programs of test/workload, under a command name of its own. */
export function programRow(section: string, command: string, rest: Rest): Row {
  const [program = '', ...args] = command.split(' ')
  const target = `t-${rest.name}`.slice(0, 15)
  return {
    ...rest,
    section,
    target,
    command: `workload-${command}`,
    start: (launch) => startProgram(launch, programNamed(target, `workload-${program}`), args),
  }
}

/** @param wrapper Command that runs it as its only child. */
export function startProgram(
  launch: Launch,
  file: string,
  args: readonly string[],
  wrapper: readonly string[] = [],
): Promise<RunningProgram> {
  const [command = '', ...all] = [...wrapper, file, ...BOUND, ...args]
  return startScript(launch, command, all, wrapper.length > 0)
}

/** Anything that prints such records and knows SIGUSR1 and SIGTERM. */
export async function startScript(
  launch: Launch,
  file: string,
  args: readonly string[],
  isWrapped = false,
): Promise<RunningProgram> {
  const child = launch.keep(start(file, args))
  const ready = await until(
    `${file} is ready: ${child.stderr()}`,
    20,
    () => /"ready","pid":(\d+)/.exec(child.stdout())?.[0],
  )
  // In a pid namespace of its own it does not know its number: it is the only child.
  const pid = isWrapped ? onlyChild(child.pid) : Number(/\d+/.exec(ready)?.[0])
  return {
    pid,
    reset: () => void process.kill(pid, 'SIGUSR1'),
    finish: () => finish(child, pid),
  }
}

function onlyChild(pid: number): number {
  const [, child] = familyOf(pid)
  if (child === undefined) throw new Error(`process ${pid} has no child`)
  return child
}

/** Ends a program that prints its final record at SIGTERM. */
async function finish(child: Child, pid: number): Promise<ProgramReport> {
  process.kill(pid, 'SIGTERM')
  await child.exited
  const last = child.stdout().trim().split('\n').at(-1) ?? ''
  if (!last.includes('"final"')) throw new Error(`no final record: ${child.stderr()}`)
  return JSON.parse(last) as ProgramReport
}
