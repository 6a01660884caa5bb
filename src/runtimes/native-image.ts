import type { RuntimeFiles } from './runtime.js'

/** Programs that GraalVM compiled from Java: threads are parked on condition variables. The section has its objects. */
export const NATIVE_IMAGE: RuntimeFiles = {
  name: 'native-image',
  recognition: { section: /^\.svm_heap$/ },
  locks: ['condition-variable'],
  untraced: 'unclassifiable',
}
