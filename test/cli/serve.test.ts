import { describe, expect, test } from 'vitest'
import type { App } from '../../src/app.js'
import { serve } from '../../src/cli/serve.js'
import { createLogger } from '../../src/log/logger.js'

interface Scene {
  readonly app?: Partial<App>
  readonly create?: () => Promise<App>
  readonly stopTimeoutMs?: number
  readonly sameSignalMs?: number
}

/** Runs `serve` with an application that does what the test says. */
function play({ app, create, stopTimeoutMs = 60_000, sameSignalMs = 0 }: Scene) {
  const lines: string[] = []
  const handlers: ((signal: string) => void)[] = []
  const calls: string[] = []
  const whole: App = {
    start: async () => void calls.push('start'),
    stop: async () => void calls.push('stop'),
    reload: async () => ({ ok: true, notes: [] }),
    addresses: [],
    ...app,
  }
  const status = serve(create ?? (async () => whole), {
    logger: createLogger({
      level: 'info',
      format: 'logfmt',
      destination: { write: (line) => lines.push(line) },
    }),
    onStopSignal: (handler) => handlers.push(handler),
    onReloadSignal: () => {},
    stopTimeoutMs,
    sameSignalMs,
  })
  const signal = (name: string) => {
    for (const handler of handlers) handler(name)
  }
  return { status, signal, calls, log: () => lines.map((line) => line.replace(/^ts=\S+ /, '')) }
}

const never = () => new Promise<void>(() => {})

describe('serve', () => {
  test('a signal stops it gracefully', async () => {
    const { status, signal, calls, log } = play({})
    signal('SIGTERM')
    expect(await status).toBe(0)
    expect(calls).toEqual(['start', 'stop'])
    expect(log()).toEqual(['level=info msg=stopping signal=SIGTERM\n'])
  })

  test('a signal during a start that hangs stops it too', async () => {
    const { status, signal, calls } = play({ app: { start: never } })
    signal('SIGINT')
    expect(await status).toBe(0)
    expect(calls).toEqual(['stop'])
  })

  test('a failed start is one line of log, and what was opened is closed', async () => {
    const { status, calls, log } = play({ app: { start: () => Promise.reject(new Error('address in use')) } })
    expect(await status).toBe(1)
    expect(calls).toEqual(['stop'])
    expect(log()).toEqual(['level=error msg="address in use"\n'])
  })

  test('an application that cannot be built is one line of log', async () => {
    const { status, log } = play({ create: () => Promise.reject(new Error('no /proc')) })
    expect(await status).toBe(1)
    expect(log()).toEqual(['level=error msg="no /proc"\n'])
  })

  test('a second signal ends a stop that hangs', async () => {
    const { status, signal, log } = play({ app: { stop: never } })
    const repeat = setInterval(() => signal('SIGINT'), 1)
    expect(await status).toBe(1)
    clearInterval(repeat)
    expect(log().at(-1)).toBe('level=error msg="SIGINT again before all was closed"\n')
  })

  test('the same signal that comes twice at once is one', async () => {
    const stop = () => new Promise<void>((resolve) => setTimeout(resolve, 5))
    const { status, signal } = play({ app: { stop }, sameSignalMs: 60_000 })
    const repeat = setInterval(() => signal('SIGINT'), 1)
    expect(await status).toBe(0)
    clearInterval(repeat)
  })

  test('a stop that hangs is given up', async () => {
    const { status, signal, log } = play({ app: { stop: never }, stopTimeoutMs: 10, sameSignalMs: 60_000 })
    signal('SIGTERM')
    expect(await status).toBe(1)
    expect(log().at(-1)).toBe('level=error msg="not all was closed within 10 ms"\n')
  })

  test('a stop that fails says why', async () => {
    const { status, signal, log } = play({
      app: { stop: () => Promise.reject(new Error('tracer is stuck')) },
    })
    signal('SIGTERM')
    expect(await status).toBe(1)
    expect(log().at(-1)).toBe('level=error msg="tracer is stuck"\n')
  })
})
