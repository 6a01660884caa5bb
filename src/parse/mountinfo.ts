/** A mount, from /proc/PID/mountinfo. */
export interface Mount {
  /** Path inside the file system that is seen at the mount point; for cgroups relative to the reader's namespace. */
  readonly root: string
  readonly mountPoint: string
  readonly type: string
  /** Options of the file system; a v1 cgroup mount has its controllers here. */
  readonly superOptions: readonly string[]
}

/** Parses /proc/PID/mountinfo (proc_pid_mountinfo(5)), in the file's order; lines of another form are left out. */
export function parseMountinfo(text: string): readonly Mount[] {
  const mounts: Mount[] = []
  for (const line of text.split('\n')) {
    const fields = line.split(' ')
    // Optional fields lie between the sixth and a single hyphen.
    const separator = fields.indexOf('-', 6)
    const [root, mountPoint] = fields.slice(3, 5)
    const [type, , superOptions] = fields.slice(separator + 1)
    if (separator < 0 || !root || !mountPoint || !type || superOptions === undefined) continue
    mounts.push({
      root: decode(root),
      mountPoint: decode(mountPoint),
      type,
      superOptions: decode(superOptions).split(','),
    })
  }
  return mounts
}

/** The kernel writes space, tab, newline, backslash and # as three octal digits (fs/proc_namespace.c, mangle()). */
function decode(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}
