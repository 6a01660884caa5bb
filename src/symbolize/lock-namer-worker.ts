import { parentPort, workerData } from 'node:worker_threads'
import type { LockNameRequest, LockNamerPlaces } from './lock-namer.js'
import { createProcessLocks } from './process-locks.js'

const locks = createProcessLocks(workerData as LockNamerPlaces)

parentPort?.on('message', (request: LockNameRequest) => {
  parentPort?.postMessage(locks.name(request, performance.now()))
})
