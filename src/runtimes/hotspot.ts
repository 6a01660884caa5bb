import type { RuntimeFiles } from './runtime.js'

/** HotSpot, the JVM of OpenJDK: threads that wait for a lock are parked on condition variables. */
export const HOTSPOT: RuntimeFiles = {
  name: 'hotspot',
  recognition: { file: /^libjvm\.so/ },
  locks: ['condition-variable'],
  untraced: 'unclassifiable',
}
