import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { MAIN } from '../e2e/support/exporter.js'
import { sleep, start } from '../e2e/support/process.js'
import type { Fault } from './fault.js'

const wait: Fault['inflict'] = async ({ seconds }) => {
  await sleep(seconds * 1000)
  return 1
}

/** Runs the exporter by a shell, with what stands before it; $0 is the folder of the fault. */
function wrapped(script: string): NonNullable<Fault['start']> {
  return async (folder, args, keep) =>
    keep(start('unshare', ['--mount', 'sh', '-c', `${script} "$@"`, folder, process.execPath, MAIN, ...args]))
}

/** A scrape takes one, a look at a process up to four. */
const SPARE = 12

/** What the machine does not have, or does not allow. */
export const MACHINE: readonly Fault[] = [
  {
    name: 'full-disk',
    title: 'the disk below the state is full',
    args: (folder) => [`--path.state=${join(folder, 'full/state')}`],
    start: wrapped(
      'mkdir "$0/full" && mount -t tmpfs -o size=64k tmpfs "$0/full" && cat /dev/zero > "$0/full/zero" 2>/dev/null; exec',
    ),
    async inflict({ exporter, seconds }) {
      for (let second = 0; second < seconds; second += 1) {
        exporter.child.kill('SIGHUP')
        await sleep(1000)
      }
      return seconds
    },
  },
  {
    name: 'read-only',
    title: 'every file system is read-only',
    args: () => ['--path.state=/var/lib/amdahl_exporter-none'],
    start: wrapped('mount -o remount,ro,bind / 2>/dev/null; exec'),
    inflict: wait,
  },
  {
    name: 'hidden-processes',
    title: '/proc is mounted with hidepid=2, and the exporter is nobody',
    isExplained: (scrape) =>
      scrape.value('amdahl_tracer_up') === 0 &&
      scrape.labelValues('amdahl_node_estimate_unavailable', 'reason').includes('no-tracer'),
    start: wrapped(
      'mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid=65534 --regid=65534 --clear-groups',
    ),
    args: (folder) => {
      mkdirSync(join(folder, 'state'), { mode: 0o777 })
      return [`--path.state=${join(folder, 'state')}`]
    },
    inflict: wait,
  },
  {
    name: 'few-descriptors',
    title: `${SPARE} descriptors more than it has, half of which are taken by connections`,
    async inflict({ exporter, seconds }) {
      const { pid } = exporter.child
      const most = readdirSync(`/proc/${pid}/fd`).length + SPARE
      execFileSync('prlimit', ['--pid', String(pid), `--nofile=${most}:`])
      const { hostname, port } = new URL(exporter.url)
      const sockets = Array.from({ length: SPARE / 2 }, () => connect(Number(port), hostname))
      for (const socket of sockets) socket.on('error', () => {})
      await sleep(seconds * 1000)
      for (const socket of sockets) socket.destroy()
      return sockets.length
    },
  },
  {
    name: 'little-memory',
    title: 'a heap of no more than 48 MB',
    start: async (_, args, keep) => keep(start(process.execPath, ['--max-old-space-size=48', MAIN, ...args])),
    inflict: wait,
  },
  {
    name: 'clock-steps',
    title: 'the wall clock jumps a day forth and back, each second',
    start: async (folder, args, keep) => {
      const library = execFileSync('sh', ['-c', 'ls /usr/lib/*/faketime/libfaketime.so.1'], {
        encoding: 'utf8',
      })
      const offset = join(folder, 'offset')
      writeFileSync(offset, '+0')
      const faked = {
        LD_PRELOAD: library.trim(),
        FAKETIME_TIMESTAMP_FILE: offset,
        FAKETIME_NO_CACHE: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      }
      return keep(start(process.execPath, [MAIN, ...args], { env: { ...process.env, ...faked } }))
    },
    async inflict({ folder, seconds }) {
      let steps = 0
      for (; steps < seconds; steps += 1) {
        writeFileSync(join(folder, 'offset'), steps % 2 === 0 ? '+1d' : '-1d')
        await sleep(1000)
      }
      return steps
    },
  },
]
