import type { Asked, ReaderProcess } from '../foreign/reader-process.js'
import type { LookRequest, ProcessLook } from './process-looks.js'
import type { ProcessSource } from './process-source.js'

/** What a reader answers to these requests. */
export type LookAnswer = ProcessLook | string | undefined

/** Longest that the look at one process may take: a few small files. Milliseconds. */
export const LOOK_LIMIT_MS = 5_000

/** What processes control, as a reader tells it. */
export function createForeignSource(
  reader: Pick<ReaderProcess<LookRequest, LookAnswer>, 'ask'>,
): Pick<ProcessSource, 'look' | 'environment' | 'firstLine' | 'unitLabel'> {
  async function textOf(request: LookRequest): Promise<Asked<string | undefined>> {
    const asked = await reader.ask(request)
    if (typeof asked === 'string') return asked
    return { answer: typeof asked.answer === 'string' ? asked.answer : undefined }
  }

  return {
    async look(pid, containerId, lineage) {
      const asked = await reader.ask({ kind: 'process', pid, containerId, lineage })
      if (typeof asked === 'string') return asked
      return typeof asked.answer === 'object' ? asked.answer : 'gone'
    },
    environment: (pid, name) => textOf({ kind: 'environment', pid, name }),
    firstLine: (pid, path) => textOf({ kind: 'first-line', pid, path }),
    unitLabel: (unit, key) => textOf({ kind: 'unit-label', unit, key }),
  }
}

/** What a request is about, for the refusal. */
export function describeLook(request: LookRequest): string {
  switch (request.kind) {
    case 'process':
      return `/proc/${request.pid}`
    case 'environment':
      return `/proc/${request.pid}/environ`
    case 'first-line':
      return request.path
    case 'unit-label':
      return request.unit
  }
}
