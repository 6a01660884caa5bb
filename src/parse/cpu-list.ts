/** Highest CPU number that is taken: the kernel's largest NR_CPUS is 8192 (arch/x86/Kconfig, MAXSMP). */
const MAX_CPU = 65_535

/**
 * Parses a list of CPUs as the kernel prints it, e.g. `0-3,8` (cpuset(7), "List format"): ascending, each CPU once.
 * Parts of another form are left out.
 */
export function parseCpuList(text: string): readonly number[] {
  const cpus = new Set<number>()
  for (const part of text.trim().split(',')) {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part)
    if (!match) continue
    const first = Number(match[1])
    const last = Math.min(Number(match[2] ?? first), MAX_CPU)
    for (let cpu = first; cpu <= last; cpu += 1) cpus.add(cpu)
  }
  return [...cpus].sort((a, b) => a - b)
}
