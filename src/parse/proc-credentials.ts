/** By what the kernel decides which files a process may read: credentials(7). */
export interface ProcCredentials {
  /** File system user id. */
  readonly uid: number
  /** File system group id, and the supplementary ones. */
  readonly gids: readonly number[]
  /** Whether it has CAP_DAC_OVERRIDE or CAP_DAC_READ_SEARCH, in its own user namespace. */
  readonly passesModes: boolean
  /** Whether the process has ended, and its parent has taken no notice yet. */
  readonly hasEnded: boolean
}

/** Bits of CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: include/uapi/linux/capability.h. */
const DAC_CAPABILITIES = 0b110n

/** Parses /proc/PID/status (proc_pid_status(5)); undefined where it is not in its documented form. */
export function parseProcCredentials(status: string): ProcCredentials | undefined {
  const fields = (name: string) =>
    new RegExp(`^${name}:[ \\t]*(.*)$`, 'm')
      .exec(status)?.[1]
      ?.split(/\s+/)
      .filter((word) => word !== '')
  // Real, effective, saved set, file system.
  const [uid, gid] = [fields('Uid')?.[3], fields('Gid')?.[3]]
  const capabilities = fields('CapEff')?.[0]
  if (uid === undefined || gid === undefined || !/^\d+$/.test(uid + gid)) return undefined
  return {
    uid: Number(uid),
    gids: [gid, ...(fields('Groups') ?? [])].map(Number),
    passesModes:
      capabilities !== undefined &&
      /^[0-9a-f]+$/.test(capabilities) &&
      (BigInt(`0x${capabilities}`) & DAC_CAPABILITIES) !== 0n,
    hasEnded: /^[ZX]/.test(fields('State')?.[0] ?? ''),
  }
}
