import type { ChildProcess } from 'node:child_process'
import { EventEmitter } from 'node:events'
import type { ReaderPlaces } from '../../src/foreign/reader-process.js'
import { createAnswerer, type ReaderRequest } from '../../src/reader/answer.js'

/** A reader that is no process of its own: tests run from the sources, which Node.js cannot start. */
export function startReaderHere(places: ReaderPlaces): ChildProcess {
  const answer = createAnswerer(places)
  const child = Object.assign(new EventEmitter(), {
    pid: undefined,
    connected: true,
    send(request: ReaderRequest) {
      setImmediate(() => child.emit('message', answer(request, performance.now())))
    },
    unref() {},
    kill: () => child.emit('exit', null),
  })
  return child as unknown as ChildProcess
}
