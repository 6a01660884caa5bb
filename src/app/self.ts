import type { MetricsSource } from '../metrics/source.js'
import type { Privileges } from '../privileges/needs.js'

/** What the running process says of itself. */
export interface Self extends Privileges {
  /** Process id of the exporter: it is no target. */
  readonly pid: number
  readonly version: string
  readonly nodeVersion: string
  /** What systemd says of the sockets that it hands over: LISTEN_PID and LISTEN_FDS (sd_listen_fds(3)). */
  readonly activation: { readonly pid: string | undefined; readonly sockets: string | undefined }
  /** CLOCK_MONOTONIC, the tracer's clock. Nanoseconds. */
  monotonicNs(): bigint
  /** After the epoch. Seconds. */
  nowSeconds(): number
  cost(): ReturnType<MetricsSource['self']>
}
