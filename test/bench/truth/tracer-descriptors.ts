import { readdirSync, readFileSync } from 'node:fs'
import { familyOf } from './observe.js'

/** One BPF program of a tracer, as the kernel counts it while kernel.bpf_stats_enabled is 1. */
export interface BpfProgram {
  /** Grows in the order in which programs were loaded. */
  readonly id: number
  /** enum bpf_prog_type: 5 is of a tracepoint, 7 of a perf event. */
  readonly type: number
  readonly runs: number
  readonly runNs: number
}

/**
 * Memory that the maps of a tracer take in the kernel, as it accounts them itself (fdinfo of each map).
 *
 * @param pid The exporter, whose descendant the tracer is.
 * @returns Bytes.
 */
export function mapBytesOf(pid: number): number {
  const sizes = new Map<string, number>()
  for (const text of descriptorsOf(pid)) {
    const id = field(text, 'map_id')
    // Several descriptors may be of one map.
    if (id !== undefined) sizes.set(id, Number(field(text, 'memlock') ?? 0))
  }
  return [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0)
}

/** @param pid The exporter, whose descendant the tracer is. */
export function programsOf(pid: number): readonly BpfProgram[] {
  const programs = new Map<number, BpfProgram>()
  for (const text of descriptorsOf(pid)) {
    const id = field(text, 'prog_id')
    if (id === undefined) continue
    const number = (name: string) => Number(field(text, name) ?? 0)
    programs.set(Number(id), {
      id: Number(id),
      type: number('prog_type'),
      runs: number('run_cnt'),
      runNs: number('run_time_ns'),
    })
  }
  return [...programs.values()].sort((a, b) => a.id - b.id)
}

function field(text: string, name: string): string | undefined {
  return new RegExp(`^${name}:\\s*(\\d+)$`, 'm').exec(text)?.[1]
}

function descriptorsOf(pid: number): readonly string[] {
  return familyOf(pid).flatMap((process) => readAll(`/proc/${process}/fdinfo`))
}

function readAll(folder: string): readonly string[] {
  try {
    return readdirSync(folder).map((name) => {
      try {
        return readFileSync(`${folder}/${name}`, 'utf8')
      } catch {
        return '' // closed meanwhile
      }
    })
  } catch {
    return [] // the process ended meanwhile
  }
}
