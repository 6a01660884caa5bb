import { execFileSync } from 'node:child_process'
import { cpus, release } from 'node:os'

/** One line about CPUs, kernel, tracer, Node.js and the day, for the head of a results page. */
export function describeEnvironment(): string {
  const bpftrace = execFileSync('bpftrace', ['--version'], { encoding: 'utf8' }).trim()
  const model = cpus()[0]?.model ?? 'unknown CPU'
  const day = new Date().toISOString().slice(0, 10)
  return `${cpus().length} CPUs (${model}), Linux ${release()}, ${bpftrace}, Node.js ${process.versions.node}, ${day}`
}
