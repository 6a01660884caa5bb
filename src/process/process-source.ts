import type { Asked, Unanswered } from '../foreign/reader-process.js'
import type { CgroupIdentity, CgroupPaths } from '../parse/cgroup.js'
import type { ContainerFacts } from './container.js'
import type { ProcessFacts } from './process-directory.js'
import type { ProcessLook } from './process-looks.js'
import type { ProgramName } from './program-name.js'

/** What a reader found; `gone` where the process has ended. */
export type Looked = ProcessLook | 'gone' | Unanswered

/** What the machine says of processes. What the kernel alone answers is there at once; the rest is asked of a reader. */
export interface ProcessSource {
  /** As ProcessDirectory has it. */
  find(pid: number): ProcessFacts | 'unreadable' | undefined
  cgroup(pid: number): CgroupPaths | undefined
  /** Reads that failed, though there was something to read, so far. Count. */
  failures(): number
  /** Name of the user that the process runs as, and its number. */
  user(pid: number): readonly string[]
  /** @param lineage As lineageOf has it. */
  look(pid: number, containerId: string | undefined, lineage: readonly number[]): Promise<Looked>
  environment(pid: number, name: string): Promise<Asked<string | undefined>>
  firstLine(pid: number, path: string): Promise<Asked<string | undefined>>
  unitLabel(unit: string, key: string): Promise<Asked<string | undefined>>
}

/** A process with what holds it. */
export interface PlacedProcess {
  readonly facts: ProcessFacts
  readonly place: CgroupIdentity | undefined
  readonly container: ContainerFacts | undefined
  readonly commandLine: string | undefined
  /** Undefined where it could not be looked at, or may not be known. */
  readonly program: ProgramName | undefined
}
