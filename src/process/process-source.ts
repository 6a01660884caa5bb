import type { CgroupIdentity, CgroupPaths } from '../parse/cgroup.js'
import type { Mapping } from '../parse/proc-maps.js'
import type { ContainerFacts } from './container.js'
import type { ProcessFacts } from './process-directory.js'
import type { Executable } from './release.js'

/** The file that a process runs, and what it says of itself. */
export interface ProgramFile {
  /** Undefined where the process is gone or may not be read. */
  readonly executable: Executable | undefined
  /** Of its ELF sections; none where it cannot be read. */
  readonly sectionNames: readonly string[]
}

/** What the machine says of processes. */
export interface ProcessSource {
  find(pid: number): ProcessFacts | undefined
  mappings(pid: number): readonly Mapping[]
  program(pid: number): ProgramFile
  commandLine(pid: number): string | undefined
  environment(pid: number, name: string): string | undefined
  cgroup(pid: number): CgroupPaths | undefined
  /** Name of the user that the process runs as, and its number. */
  user(pid: number): readonly string[]
  firstLine(pid: number, path: string): string | undefined
  container(id: string): ContainerFacts | undefined
  unitLabel(unit: string, key: string): string | undefined
}

/** A process with what holds it. */
export interface PlacedProcess {
  readonly facts: ProcessFacts
  readonly place: CgroupIdentity | undefined
  readonly container: ContainerFacts | undefined
}
