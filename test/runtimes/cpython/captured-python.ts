import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { PythonModule } from '../../../src/runtimes/cpython/find-gils.js'
import { imageOf, type MemoryImage } from '../memory-image.js'

/** A Python that had its GIL held by one thread, as capture-memory.mjs wrote it. */
export interface CapturedPython {
  readonly name: string
  readonly python: PythonModule
  /** What pthread_self() gave in the thread that computed, and in the one that waited. */
  readonly threads: { readonly computing: bigint; readonly waiting: bigint }
  readonly image: MemoryImage
}

const FOLDER = fileURLToPath(new URL('../../fixtures/python-memory/', import.meta.url))

/** @param version Such as `3.11`. */
export function capturedPython(version: string): CapturedPython {
  const { name, python, threads, memory } = JSON.parse(readFileSync(`${FOLDER}${version}.json`, 'utf8'))
  return {
    name,
    python: {
      fileName: python.fileName,
      runtime: { address: BigInt(python.runtime.address), sizeBytes: python.runtime.sizeBytes },
      version: python.version === undefined ? undefined : BigInt(python.version),
    },
    threads: { computing: BigInt(threads.computing), waiting: BigInt(threads.waiting) },
    image: imageOf(memory),
  }
}
