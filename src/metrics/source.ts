import type { NodeAssessment } from '../assess/node.js'
import type { RefusalReason } from '../foreign/refusal.js'
import type { ParseCode } from '../parse/parse-error.js'
import type { CpuUse } from '../sample/node-sampler.js'
import type { ProcessCost } from '../sample/process-cost.js'
import type { Cut } from '../targets/places.js'
import type { TargetSnapshot } from '../targets/target.js'
import type { TracerStatus } from '../tracer/tracer-status.js'

/** Everything that is exported, as it stands at a scrape. */
export interface MetricsSource {
  /** @throws {Error} /proc/stat cannot be read. */
  cpuUse(): CpuUse | undefined
  tracer(): TracerStatus
  tracerCost(): ProcessCost
  lostEvents(): number
  rejectedLines(code: ParseCode): number
  /** Empty while no tracer delivers. */
  targets(): readonly TargetSnapshot[]
  node(): NodeAssessment | undefined
  cut(): Cut
  unattributedWaits(): number
  /** Processes of the last interval whose CPU time is not read: there are too many. Count. */
  processesCut(): number
  /** Files of processes that were not read. Count. */
  filesRefused(reason: RefusalReason): number
  /** Reads of /proc that failed though there was something to read. Count. */
  procReadErrors(): number
  /** What the processes cost that read the files of others. */
  readerCost(): ProcessCost
  config(): { readonly isValid: boolean; readonly readTimestampSeconds: number }
  build(): { readonly version: string; readonly nodeVersion: string }
  /** Records that were lost for the log. Count. */
  droppedLogRecords(): number
  /** What the exporter itself costs. */
  self(): {
    readonly cpuSeconds: number
    readonly residentBytes: number
    readonly startTimestampSeconds: number
  }
}
