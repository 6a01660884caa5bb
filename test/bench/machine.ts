import { execFileSync } from 'node:child_process'
import { cpus, release } from 'node:os'

/** One line about the machine and the day, for the head of a results page. */
export function describeMachine(): string {
  const bpftrace = execFileSync('bpftrace', ['--version'], { encoding: 'utf8' }).trim()
  const model = cpus()[0]?.model ?? 'unknown CPU'
  const day = new Date().toISOString().slice(0, 10)
  return `${cpus().length} CPUs (${model}), Linux ${release()}, ${bpftrace}, Node.js ${process.versions.node}, ${day}`
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [low = Number.NaN, high = Number.NaN] = [sorted[middle - 1], sorted[middle]]
  return sorted.length % 2 ? high : (low + high) / 2
}
