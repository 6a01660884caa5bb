import { afterAll, beforeAll, expect } from 'vitest'
import { type Exporter, startExporter } from './exporter.js'
import { stop } from './process.js'

/** One for all tests of the block it is called in: it delivers before the first of them, and has to end well after the last. */
export function exporterForAll(args: readonly string[] = []): Exporter {
  let started: Exporter | undefined
  const running = () => {
    if (!started) throw new Error('the exporter runs within tests only')
    return started
  }

  beforeAll(async () => {
    started = await startExporter(args)
    await started.ready()
  })

  afterAll(async () => {
    expect(await stop(running().child)).toBe(0)
  })

  return {
    get child() {
      return running().child
    },
    get url() {
      return running().url
    },
    scrape: () => running().scrape(),
    ready: () => running().ready(),
  }
}
