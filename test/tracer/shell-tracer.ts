import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createBpftraceFrames } from '../../src/parse/bpftrace-frames.js'
import type { ProgramBackend } from '../../src/tracer/backend.js'

const RECORDING = fileURLToPath(new URL('../fixtures/bpftrace-0.17.0.txt', import.meta.url))
/** Frames of the recording, each of which makes an interval. */
export const FRAMES = readFileSync(RECORDING, 'utf8').match(/^frame-end/gm)?.length

/** A tracer that is a shell command: what it prints, and how it ends, is up to the test. */
export function shellTracer(script: string, change: Partial<ProgramBackend> = {}): ProgramBackend {
  return {
    name: 'shell',
    deathSignal: 'KILL',
    check: async () => ({ version: '1.0.0' }),
    command: () => ({ file: 'sh', args: ['-c', script, 'sh', RECORDING], env: {} }),
    createParser: () => createBpftraceFrames(16_384),
    explainExit: (stderrTail) => `shell: ${stderrTail.trim()}`,
    ...change,
  }
}
