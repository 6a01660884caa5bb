import { readFileSync, statSync } from 'node:fs'
import { release } from 'node:os'
import { execa } from 'execa'
import type { Tools } from '../tools.js'

/** The running kernel, as uname -r has it. */
export const runningRelease: () => string = release

/** Why this kernel takes no module, with the remedy; undefined if it may. */
export function describeModuleProblem(): string | undefined {
  if (read('/proc/modules') === undefined) {
    return 'this kernel has no loadable modules (CONFIG_MODULES): use another kernel, or --tracer.backend=bpftrace'
  }
  if (read('/proc/sys/kernel/modules_disabled')?.trim() === '1') {
    return 'loading modules is switched off until the next boot (kernel.modules_disabled): use --tracer.backend=bpftrace'
  }
  if (/\[(?:integrity|confidentiality)\]/.test(read('/sys/kernel/security/lockdown') ?? '')) {
    return 'the kernel is locked down (Secure Boot) and takes signed modules only: use --tracer.backend=bpftrace'
  }
  if (read('/sys/module/module/parameters/sig_enforce')?.trim() === 'Y') {
    return 'the kernel takes signed modules only (module.sig_enforce): use --tracer.backend=bpftrace'
  }
  return undefined
}

/** Version of SystemTap's compiler; undefined if it is not installed. */
export async function readStapVersion({ find, environment }: Tools): Promise<string | undefined> {
  const file = find('stap')
  if (file === undefined) return undefined
  const options = { env: environment, extendEnv: false, reject: false, timeout: 10_000, all: true } as const
  const run = await execa(file, ['-V'], options)
  return /version (\d+(?:\.\d+)+)/.exec(`${run.all}`)?.[1]
}

/** Where the headers of a kernel are, by the link that its packages make. */
export function headersFolder(kernel: string): string {
  return `/lib/modules/${kernel}/build`
}

export function isThere(path: string): boolean {
  return sizeOf(path) !== undefined
}

/** Bytes; undefined if there is no such file. */
export function sizeOf(path: string): number | undefined {
  try {
    return statSync(path).size
  } catch {
    // ENOENT; ENOTDIR, EACCES, ELOOP: a path that the user gave.
    return undefined
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
