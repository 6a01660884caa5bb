import { MODULE_NAME } from './script.js'

/** What the whole text of a failed command says, as one sentence with the remedy; the first that fits. */
type Explanation = readonly [pattern: RegExp, explain: (found: RegExpExecArray, context: string) => string]

const NEWER_SYSTEMTAP =
  'use a SystemTap that is newer than the kernel (README, "Which SystemTap on which kernel"), or --tracer.backend=bpftrace'

const BUILD_ERRORS: readonly Explanation[] = [
  [
    /Checking "([^"]+)" failed with error: No such file/,
    (_, release) =>
      `the headers of kernel ${release} are not installed: install them (Debian: apt-get install linux-headers-${release})`,
  ],
  [
    /Kernel function symbol table missing/,
    (_, release) =>
      `there is no symbol table of kernel ${release}: copy /proc/kallsyms, read by root on a machine that runs it ` +
      `with kernel.kptr_restrict below 2, to /boot/System.map-${release}`,
  ],
  [
    /No space left on device/,
    () => 'there is no space left in the folder for temporary files: free 100 MB there, or set TMPDIR',
  ],
  [
    /Pass 4: compilation failed/,
    (found, release) =>
      `this SystemTap does not fit kernel ${release} (${firstError(found.input)}): ${NEWER_SYSTEMTAP}`,
  ],
  [
    /semantic error: (.*)/,
    (found, release) =>
      `this SystemTap does not find its probes in kernel ${release} (${found[1]}): ${NEWER_SYSTEMTAP}`,
  ],
]

const LOAD_ERRORS: readonly Explanation[] = [
  [
    /Key was rejected|Required key not available/,
    () =>
      'the kernel loads signed modules only (Secure Boot): sign the module with an enrolled key, or use --tracer.backend=bpftrace',
  ],
  [
    /insert module.*(?:Operation not permitted|Permission denied)/,
    () =>
      'the kernel refused the module (lockdown by Secure Boot, or no CAP_SYS_MODULE): run as root outside of a ' +
      'container, or use --tracer.backend=bpftrace',
  ],
  [
    /insert module.*(?:Invalid module format|Exec format)/,
    () =>
      'the module was built for another kernel: build it for this one (amdahl_exporter stap build --kernel RELEASE)',
  ],
  [
    /Can't resolve (\w+)|Unknown symbol/,
    (found) =>
      `this SystemTap is too old for this kernel (${found[1] === undefined ? 'a symbol' : found[1]} is not there any more): ` +
      NEWER_SYSTEMTAP,
  ],
  [/insert module.*File exists/, () => inUse()],
  [
    /probe overhead.*exceeded threshold/i,
    () =>
      'the probes took more than 25 % of a CPU, so the script ended itself: there are too many lock waits for it',
  ],
  [/stapusr|stapdev|stapsys/, () => 'staprun may not load modules for this user: run the exporter as root'],
]

/** @param release The kernel that it was built for. */
export function explainBuild(stderr: string, release: string): string {
  return explain(BUILD_ERRORS, stderr, release) ?? `stap: ${firstError(stderr)}`
}

export function explainLoad(stderr: string): string {
  if (stderr.trim() === '') return 'staprun ended without a message'
  return explain(LOAD_ERRORS, stderr, '') ?? `staprun: ${firstError(stderr)}`
}

/** The module is loaded and a staprun reads from it. */
export function inUse(): string {
  return `the module ${MODULE_NAME} is in use by another exporter on this machine: stop that one`
}

function explain(explanations: readonly Explanation[], text: string, context: string): string | undefined {
  for (const [pattern, sentence] of explanations) {
    const found = pattern.exec(text)
    if (found) return sentence(found, context)
  }
  return undefined
}

/** The first line that names an error, else the last that says something; at most 200 characters. */
export function firstError(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('Tip:'))
  const line = lines.find((candidate) => /error/i.test(candidate)) ?? lines.at(-1) ?? 'no message'
  return line.trim().slice(0, 200)
}
