import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { startProgram, startScript } from '../bench/truth/program.js'
import { ROOT, startExporter } from '../e2e/support/exporter.js'
import { sleep, stop } from '../e2e/support/process.js'
import { programNamed } from '../e2e/support/workload.js'
import type { Fault, Scene } from './fault.js'

function hostile(mode: string, title: string, argument: (scene: Scene) => string): Fault {
  return {
    name: `futex-${mode}`,
    title,
    async inflict(scene) {
      const program = join(scene.folder, 'hostile')
      execFileSync('gcc', ['-O1', '-pthread', '-o', program, join(ROOT, 'test/faults/hostile.c')])
      const { pid } = await startScript(scene, program, [mode, argument(scene)])
      await sleep(scene.seconds * 1000)
      process.kill(pid, 'SIGKILL')
      return 1
    },
  }
}

/** What other programs of the machine do. */
export const NEIGHBOURS: readonly Fault[] = [
  hostile('addresses', 'a program waits at 40 000 futex addresses in turn', () => '0'),
  hostile('owner', 'a lock says that the witness owns it', ({ witness }) => String(witness)),
  hostile('protected', 'a lock lies in memory that may be read half of the time', () => '0'),
  hostile('truncated', 'a lock lies in a file that is cut to nothing 50 times a second', ({ folder }) =>
    join(folder, 'lock'),
  ),
  hostile('exec', 'a program with waiting threads execs itself, ten times a second', () => '0'),
  {
    name: 'forks',
    title: 'more than 300 processes a second, of four threads each',
    async inflict(scene) {
      const churn = ['--shape', 'processes', '--life', '10ms', '--think', '1ms', '--inside', '100us']
      const file = programNamed('t-forks', 'workload-churn')
      const programs = [1, 2, 3, 4].map(() => startProgram(scene, file, churn))
      const running = await Promise.all(programs)
      await sleep(scene.seconds * 1000)
      for (const program of running) await program.finish()
      return scene.seconds
    },
  },
  {
    name: 'two-exporters',
    title: 'another exporter runs on the same machine, with the same state',
    args: (folder) => [`--path.state=${join(folder, 'state')}`],
    async inflict({ folder, keep, seconds }) {
      const other = await startExporter([`--path.state=${join(folder, 'state')}`])
      keep(other.child)
      await other.ready()
      await sleep(seconds * 1000)
      await stop(other.child)
      return 1
    },
  },
]
