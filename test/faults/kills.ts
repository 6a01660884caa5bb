import { sleep, until } from '../e2e/support/process.js'
import type { Fault, Scene } from './fault.js'
import { commandOf, findTracer } from './watch.js'

const tracerOf = ({ exporter }: Scene) => until('a tracer runs', 90, () => findTracer(exporter.child.pid))

async function untilReady(url: string, isReady: boolean): Promise<void> {
  const what = isReady ? 'it is ready again' : 'it is ready no more'
  await until(what, 120, async () => (await fetch(`${url}/-/ready`)).ok === isReady)
}

/** Kills until the time is over, each time when the tracer delivers. */
function killing(signal: NodeJS.Signals): Fault['inflict'] {
  return async (scene) => {
    const end = performance.now() + scene.seconds * 1000
    for (let kills = 1; ; kills += 1) {
      process.kill(await tracerOf(scene), signal)
      if (performance.now() >= end) return kills
      await untilReady(scene.exporter.url, false)
      await untilReady(scene.exporter.url, true)
    }
  }
}

export const KILLS: readonly Fault[] = [
  {
    name: 'tracer-killed',
    title: 'the tracer is killed, as soon as it delivers',
    isBlinding: true,
    inflict: killing('SIGKILL'),
  },
  {
    name: 'tracer-ended',
    title: 'the tracer is told to end, as soon as it delivers',
    isBlinding: true,
    inflict: killing('SIGTERM'),
  },
  {
    name: 'tracer-stopped',
    title: 'the tracer is stopped, and goes on after 20 s',
    isBlinding: true,
    async inflict(scene) {
      const tracer = await tracerOf(scene)
      process.kill(tracer, 'SIGSTOP')
      await sleep(20_000)
      if (commandOf(tracer) === 'bpftrace') process.kill(tracer, 'SIGCONT')
      return 1
    },
  },
  {
    name: 'signals',
    title: 'HUP, USR1, USR2, PIPE, WINCH in turn, ten a second',
    async inflict({ exporter, seconds }) {
      const signals = ['SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGPIPE', 'SIGWINCH'] as const
      let sent = 0
      for (; sent < seconds * 10; sent += 1) {
        exporter.child.kill(signals[sent % signals.length])
        await sleep(100)
      }
      return sent
    },
  },
  {
    name: 'exporter-killed',
    title: 'the exporter is killed: its tracer goes with it',
    isFatal: true,
    async inflict(scene) {
      await tracerOf(scene)
      scene.exporter.child.kill('SIGKILL')
      await scene.exporter.child.exited
      await sleep(2000)
      return 1
    },
  },
]
