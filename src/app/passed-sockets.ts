import type { OpenSocket } from '../http/listeners.js'
import type { Self } from './self.js'

/** SD_LISTEN_FDS_START of sd_listen_fds(3): after the standard streams. */
const FIRST_DESCRIPTOR = 3
const REMEDY = 'start the exporter by a systemd socket unit, or leave --web.systemd-socket out'

/** The sockets that systemd handed over. @throws {Error} There are none for this process. */
export function passedSockets({ pid, activation }: Pick<Self, 'pid' | 'activation'>): readonly OpenSocket[] {
  const count = Number(activation.sockets ?? 0)
  if (!(Number.isInteger(count) && count > 0)) {
    throw new Error(`no socket was handed over (LISTEN_FDS is ${activation.sockets ?? 'not set'}); ${REMEDY}`)
  }
  if (activation.pid !== String(pid)) {
    throw new Error(`the sockets are for process ${activation.pid} (LISTEN_PID), this is ${pid}; ${REMEDY}`)
  }
  return Array.from({ length: count }, (_, index) => ({ descriptor: FIRST_DESCRIPTOR + index }))
}
