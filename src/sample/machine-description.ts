import si from 'systeminformation'

/** What the machine is; read once at start, for the log. */
export interface MachineDescription {
  readonly distribution: string
  readonly kernel: string
  readonly arch: string
  readonly cpuModel: string
}

/** @throws {Error} What systeminformation's own reads throw. */
export async function readMachineDescription(): Promise<MachineDescription> {
  const [os, cpu] = await Promise.all([si.osInfo(), si.cpu()])
  return {
    distribution: `${os.distro} ${os.release}`.trim(),
    kernel: os.kernel,
    arch: os.arch,
    cpuModel: `${cpu.manufacturer} ${cpu.brand}`.trim(),
  }
}
