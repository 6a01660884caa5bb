import type { RuntimeFiles } from './runtime.js'

/** Programs that GraalVM compiled from Java: threads are parked on condition variables. The section has its objects. */
export const NATIVE_IMAGE: RuntimeFiles = {
  recognition: { section: /^\.svm_heap$/, runtime: 'unclassifiable' },
}
