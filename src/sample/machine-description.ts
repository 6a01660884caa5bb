import { readFile } from 'node:fs/promises'
import { arch, cpus, release } from 'node:os'
import { join } from 'node:path'
import si from 'systeminformation'
import { parseOsRelease } from '../parse/os-release.js'

/** What the machine is; read once at start, for the log. */
export interface MachineDescription {
  readonly distribution: string
  readonly kernel: string
  readonly arch: string
  readonly cpuModel: string
  /** Memory in all. Bytes. */
  readonly memoryBytes: number
  readonly swapBytes: number
}

/** Where os-release(5) is looked for. */
const OS_RELEASE = ['etc/os-release', 'usr/lib/os-release']

/**
 * Reads files only: of systeminformation, mem() does on Linux, while osInfo() and cpu() start dmidecode, lscpu and a dozen
 * of shells.
 *
 * @param rootfs Root of the machine's files.
 */
export async function readMachineDescription(rootfs: string): Promise<MachineDescription> {
  const [distribution, memory] = await Promise.all([readDistribution(rootfs), si.mem()])
  return {
    distribution,
    kernel: release(),
    arch: arch(),
    cpuModel: cpus()[0]?.model.trim() ?? '',
    memoryBytes: memory.total,
    swapBytes: memory.swaptotal,
  }
}

async function readDistribution(rootfs: string): Promise<string> {
  for (const path of OS_RELEASE) {
    const text = await readFile(join(rootfs, path), 'utf8').catch(() => undefined)
    const name = text && parseOsRelease(text).get('PRETTY_NAME')
    if (name) return name
  }
  return 'Linux'
}
