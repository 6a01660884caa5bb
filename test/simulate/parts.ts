import { createEventQueue } from '../../src/simulate/event-queue.js'
import type { Scenario } from '../../src/simulate/scenario.js'
import { createSystemState } from '../../src/simulate/system-state.js'
import { paperScenario } from './scenarios.js'

/** State and queues of a small system, to which a test adds the part that it looks at. */
export function smallSystem(change: Partial<Scenario> = {}) {
  const state = createSystemState({ ...paperScenario(0.6), cpus: 2, ...change })
  return { state, events: createEventQueue(), next: new Int32Array(state.cpuOf.length) }
}
