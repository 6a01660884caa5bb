import { constants, setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { answerWhatIf } from './what-if.js'
import type { WhatIfRequest } from './what-if-pool.js'

// Of this thread alone (Linux: setpriority(2), notes): the traced services come first.
setPriority(constants.priority.PRIORITY_LOW)

const { service, question } = workerData as WhatIfRequest

parentPort?.postMessage(answerWhatIf(service, question))
