import { constants, setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { answerWhatIf } from './what-if.js'
import type { WhatIfWork } from './what-if-pool.js'

// Of this thread alone (Linux: setpriority(2), notes): the traced services come first.
setPriority(constants.priority.PRIORITY_LOW)

const { service, question, endMs } = workerData as WhatIfWork

parentPort?.postMessage(answerWhatIf(service, question, { nowMs: Date.now, endMs, progress: () => {} }))
