import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../e2e/support/exporter.js'
import { parseExposition, type Scrape } from '../e2e/support/exposition.js'
import { freePort } from '../e2e/support/free-port.js'
import { type Child, start, until } from '../e2e/support/process.js'
import { buildWorkload, type WorkloadReport } from '../e2e/support/workload.js'
import { buildWaits } from './waits.js'

const CACHE = join(process.env.AMDAHL_TEST_CACHE ?? '/var/cache/amdahl_exporter-test', 'systemtap-vm')
const PREPARE = join(ROOT, 'test/systemtap-vm/prepare.sh')
/** Exit status of prepare.sh where the machine cannot be built, which is no failure of what is tested. */
const CANNOT_BE_BUILT = 3
/** Exit status of ssh where it has no connection; any other one is the command's. */
const SSH_FAILED = 255
/** Where the project lies in the machine, and its node. */
export const NODE = '/payload/bin/node'
export const MAIN = '/payload/exporter/dist/main.js'
/** The module that `stap build` made. */
export const MODULE = '/payload/amdahl_futex.ko'

export interface Finished {
  readonly status: number | NodeJS.Signals
  readonly stdout: string
  readonly stderr: string
}

/** A booted machine with two virtual CPUs. */
export interface VirtualMachine {
  readonly kernel: string
  /** Whether it is still there. */
  isUp(): Promise<boolean>
  /** What its kernel said last, as of why it has ended. */
  lastWords(): string
  /** Runs a shell command as root in it. */
  run(command: string): Promise<Finished>
  /** Its standard output; throws where it does not end with 0. */
  out(command: string): Promise<string>
  /** Starts a program of the workload in it, its server if no other one is named, under a command name of its own. */
  startWorkload(name: string, args: readonly string[], program?: string): Promise<GuestWorkload>
  /** Starts the exporter in it, on its first or second port. */
  startExporter(args: readonly string[], second?: 'second'): Promise<GuestExporter>
  stop(): Promise<void>
}

export interface GuestWorkload {
  readonly pid: number
  /** Starts a new measured period. */
  reset(): Promise<void>
  /** What it measured since the last reset. */
  report(): Promise<WorkloadReport>
  /** Ends it; what it measured since the last reset. */
  finish(): Promise<WorkloadReport>
}

export interface GuestExporter {
  readonly pid: number
  /** Reachable from this side. */
  readonly url: string
  scrape(): Promise<Scrape>
  log(): Promise<string>
  ready(seconds?: number): Promise<void>
  /** Ends it by SIGTERM; resolves to its exit status. */
  stop(): Promise<number>
}

/** Builds the machine; the reason if that cannot be done here, as where the mirror is out of reach. */
export async function prepareVirtualMachine(): Promise<string | undefined> {
  const prepare = start('sh', [PREPARE, CACHE])
  const status = await prepare.exited
  process.stderr.write(prepare.stderr())
  if (status === 0) return undefined
  const reason = prepare.stderr().trim().split('\n').at(-1) ?? ''
  if (status === CANNOT_BE_BUILT) return reason
  throw new Error(`prepare.sh ended with ${status}: ${reason}`)
}

/** Compiles the module with `stap build`, in the machine's file system but on this machine's CPUs. */
function buildModule(payload: string): void {
  const script = `
    set -e
    mount --bind "$2" "$1/payload"
    mount --bind /dev "$1/dev"
    mount -t proc proc "$1/proc"
    exec chroot "$1" ${NODE} ${MAIN} stap build --kernel "$3" --output /payload
  `
  const args = ['--mount', 'sh', '-c', script, 'sh', join(CACHE, 'root'), payload, readRelease()]
  execFileSync('unshare', args, { stdio: ['ignore', 'ignore', 'inherit'], env: { PATH: process.env.PATH } })
}

function readRelease(): string {
  return readFileSync(join(CACHE, 'release'), 'utf8').trim()
}

/** The project as it is installed: the build, the scripts, the packages it needs to run, and the workload. */
function packPayload(folder: string): string {
  const payload = join(folder, 'payload')
  const exporter = join(payload, 'exporter')
  mkdirSync(exporter, { recursive: true })
  for (const name of ['dist', 'bpftrace', 'stap', 'package.json']) {
    cpSync(join(ROOT, name), join(exporter, name), { recursive: true })
  }
  const listed = execFileSync('npm', ['ls', '--omit=dev', '--all', '--parseable'], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const packages = listed.trim().split('\n').slice(1)
  const relative = packages.map((path) => path.slice(ROOT.length))
  execFileSync('cp', ['--archive', '--parents', ...relative, exporter], { cwd: ROOT })
  cpSync(buildWorkload(), join(payload, 'bin'), { recursive: true })
  buildWaits(join(payload, 'bin'))
  for (const script of ['python-load.py', 'ruby-load.rb'])
    cpSync(join(ROOT, 'test/workload', script), join(payload, 'bin', script))
  cpSync(process.execPath, join(payload, 'bin/node'))
  buildModule(payload)
  const image = join(folder, 'payload.img')
  execFileSync('mke2fs', ['-q', '-t', 'ext4', '-d', payload, image, '512M'], { stdio: 'ignore' })
  return image
}

/** Boots the machine; its disk is as new each time. */
export async function bootVirtualMachine(): Promise<VirtualMachine> {
  const folder = mkdtempSync(join(tmpdir(), 'amdahl-systemtap-vm-'))
  const payload = packPayload(folder)
  const [sshPort, port, secondPort] = await Promise.all([freePort(), freePort(), freePort()])
  const forward = [`${sshPort}-:22`, `${port}-:10967`, `${secondPort}-:10968`]
    .map((pair) => `hostfwd=tcp:127.0.0.1:${pair}`)
    .join(',')
  const qemu = start('setpriv', [
    ...['--pdeathsig', 'KILL', 'qemu-system-x86_64', '-accel', 'tcg,thread=multi', '-cpu', 'max'],
    ...['-smp', '2', '-m', '2048', '-display', 'none', '-no-reboot', '-serial', `file:${folder}/console`],
    ...['-kernel', join(CACHE, 'kernel'), '-initrd', join(CACHE, 'initrd')],
    ...['-drive', `file=${CACHE}/root.img,format=raw,if=virtio,snapshot=on`],
    ...['-drive', `file=${payload},format=raw,if=virtio,snapshot=on`],
    ...['-netdev', `user,id=net,${forward}`, '-device', 'virtio-net-pci,netdev=net'],
    // Without tsc=reliable the guest patches code while its other CPU runs it, and oopses.
    ...['-append', 'console=ttyS0 panic=-1 quiet nokaslr tsc=reliable'],
  ])
  const ssh = [
    ...[
      '-q',
      '-i',
      join(CACHE, 'key'),
      '-p',
      String(sshPort),
      '-o',
      'BatchMode=yes',
      '-o',
      'ConnectTimeout=5',
    ],
    ...[
      '-o',
      'StrictHostKeyChecking=no',
      '-o',
      'UserKnownHostsFile=/dev/null',
      '-o',
      `ControlPath=${folder}/ssh`,
    ],
    'root@127.0.0.1',
  ]
  /** The one connection that all commands share: its process ends when the machine does. */
  let connection: Child | undefined

  async function attempt(command: string): Promise<Finished> {
    const child = start('ssh', [...ssh, command])
    return { status: await child.exited, stdout: child.stdout(), stderr: child.stderr() }
  }

  async function run(command: string): Promise<Finished> {
    const finished = await attempt(command)
    if (finished.status !== SSH_FAILED) return finished
    throw new Error(`the machine does not answer, to ${command}: ${lastWords()}`)
  }

  const isUp = async () => (await attempt('true')).status === 0

  function lastWords(): string {
    return readFileSync(join(folder, 'console'), 'utf8').slice(-4000) + qemu.stderr()
  }

  async function out(command: string): Promise<string> {
    const { status, stdout, stderr } = await run(command)
    if (status !== 0) throw new Error(`in the machine, ${command} ended with ${status}: ${stdout}${stderr}`)
    return stdout.trim()
  }

  /** Runs a command in the background; its process id. Its exit status goes to LOG.status. */
  async function runInBackground(command: string, log: string): Promise<number> {
    // The shell in between stays to keep the exit status, which nobody else could wait for.
    const pid = await out(
      `rm -f ${log}.*; (${command} >${log} 2>&1 & echo $! >${log}.pid; wait $!; echo $? >${log}.status) ` +
        `</dev/null >/dev/null 2>&1 & until [ -s ${log}.pid ]; do sleep 0.1; done; cat ${log}.pid`,
    )
    return Number(pid)
  }

  async function statusOf(log: string): Promise<number> {
    const read = async () => (await run(`cat ${log}.status`)).stdout.trim() || undefined
    return Number(await until(`${log} has an exit status`, 30, read))
  }

  async function startWorkload(
    name: string,
    args: readonly string[],
    program = 'workload-server',
  ): Promise<GuestWorkload> {
    const log = `/tmp/${name}.log`
    await out(`cp /payload/bin/${program} /tmp/${name}`)
    const pid = await runInBackground([`/tmp/${name}`, '--duration', '3600s', ...args].join(' '), log)
    await until(`${name} is ready`, 20, async () => (await out(`cat ${log}`)).includes('"ready"'))
    return {
      pid,
      reset: async () => void (await out(`kill -USR1 ${pid}`)),
      async report() {
        const lines = async () => (await out(`cat ${log}`)).split('\n')
        const known = (await lines()).length
        await out(`kill -USR2 ${pid}`)
        const line = await until('the workload reports', 10, async () => (await lines())[known])
        return JSON.parse(line) as WorkloadReport
      },
      async finish() {
        await out(`kill ${pid}`)
        const status = await statusOf(log)
        const text = await out(`cat ${log}`)
        if (status !== 0) throw new Error(`${name} ended with ${status}: ${text}`)
        return JSON.parse(text.split('\n').at(-1) ?? '') as WorkloadReport
      },
    }
  }

  async function startExporter(args: readonly string[], second?: 'second'): Promise<GuestExporter> {
    const inside = second ? 10_968 : 10_967
    const log = `/tmp/exporter-${inside}.log`
    const command = [NODE, MAIN, `--web.listen-address=:${inside}`, ...args].join(' ')
    const pid = await runInBackground(command, log)
    const url = `http://127.0.0.1:${second ? secondPort : port}`
    const readLog = () => out(`cat ${log}`)
    await until('the exporter listens', 60, async () => (await readLog()).includes('msg=listening')).catch(
      async (error: unknown) => {
        throw new Error(`${String(error)}: ${await readLog()}`)
      },
    )
    return {
      pid,
      url,
      scrape: async () => parseExposition(await (await get(`${url}/metrics`)).text()),
      log: readLog,
      async ready(seconds = 60) {
        await until('/-/ready answers 200', seconds, () => answers(`${url}/-/ready`)).catch(
          async (error: unknown) => {
            throw new Error(`${String(error)}: ${await readLog()}`)
          },
        )
      },
      async stop() {
        await out(`kill ${pid}`)
        return statusOf(log)
      },
    }
  }

  async function connects(): Promise<boolean> {
    if (connection === undefined) {
      connection = start('ssh', ['-M', '-N', ...ssh])
      // Before the machine listens an attempt ends after a while: the next look makes another one.
      void connection.exited.then(() => {
        connection = undefined
      })
    }
    return existsSync(join(folder, 'ssh')) && (await isUp())
  }

  await until('the machine answers', 120, connects).catch((error: unknown) => {
    qemu.kill('SIGKILL')
    throw new Error(`${String(error)}: ${lastWords()}`)
  })
  return {
    kernel: readRelease(),
    isUp,
    lastWords,
    run,
    out,
    startWorkload,
    startExporter,
    async stop() {
      qemu.kill('SIGKILL')
      connection?.kill()
      await Promise.all([qemu.exited, connection?.exited])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/**
 * QEMU takes a connection before anybody in the machine does, and may never answer on it; and a connection that is kept
 * open may lead to an exporter that is gone.
 */
export async function get(url: string): Promise<Response> {
  const attempt = () => fetch(url, { signal: AbortSignal.timeout(5000) })
  return attempt().catch(attempt)
}

async function answers(url: string): Promise<boolean> {
  return get(url).then(
    (response) => response.ok,
    () => false,
  )
}
