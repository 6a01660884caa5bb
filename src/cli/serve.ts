import type { App } from '../app.js'
import type { Logger } from '../log/logger.js'
import { messageOf } from '../log/message-of.js'

export interface ServeOptions {
  readonly logger: Logger
  /** Registers what is called at each SIGTERM or SIGINT. */
  readonly onStopSignal: (handler: (signal: string) => void) => void
  /** Registers what is called at each SIGHUP. */
  readonly onReloadSignal: (handler: () => void) => void
  readonly stopTimeoutMs?: number
  readonly sameSignalMs?: number
}

/** Longest that stopping may take; systemd and Kubernetes kill after 90 s and 30 s. */
const STOP_TIMEOUT_MS = 10_000
/** Ctrl-C under `npm start` arrives twice, from the terminal and from npm: within this time it is one signal. */
const SAME_SIGNAL_MS = 500

/** Runs the application until a signal says to stop. @returns the exit status. */
export async function serve(
  create: () => Promise<App>,
  {
    logger,
    onStopSignal,
    onReloadSignal,
    stopTimeoutMs = STOP_TIMEOUT_MS,
    sameSignalMs = SAME_SIGNAL_MS,
  }: ServeOptions,
): Promise<number> {
  let onSignal: (signal: string) => void = () => {}
  onStopSignal((signal) => onSignal(signal))
  const nextSignal = () =>
    new Promise<string>((resolve) => {
      onSignal = resolve
    })

  const stopSignal = nextSignal()
  let app: App | undefined
  try {
    const created = await create()
    app = created
    onReloadSignal(() => void created.reload())
    await Promise.race([app.start(), stopSignal])
  } catch (error) {
    logger.error(messageOf(error))
    await app?.stop().catch(() => {})
    return 1
  }

  logger.info({ signal: await stopSignal }, 'stopping')
  const [timeout, pause] = [createTimer(stopTimeoutMs), createTimer(sameSignalMs)]
  const problem = await Promise.race([
    app.stop().then(() => undefined, messageOf),
    pause.elapsed.then(nextSignal).then((signal) => `${signal} again before all was closed`),
    timeout.elapsed.then(() => `not all was closed within ${stopTimeoutMs} ms`),
  ])
  timeout.cancel()
  pause.cancel()
  if (problem !== undefined) logger.error(problem)
  return problem === undefined ? 0 : 1
}

function createTimer(delayMs: number) {
  let timer: NodeJS.Timeout | undefined
  const elapsed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, delayMs)
  })
  return { elapsed, cancel: () => clearTimeout(timer) }
}
