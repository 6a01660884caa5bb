// node-workers.mjs P WORKERS: worker threads that meet at a mutex made of Atomics. Prints what it measured of itself at
// SIGTERM, since SIGUSR1 if that came. A thread cannot read its CPU time here, so p is told by the iterations, which all
// take the same.
import { isMainThread, Worker, workerData } from 'node:worker_threads'

const JOB_MS = 4
const LOCK = 0
const [SERIAL, PARALLEL] = [0, 1]

function spin(iterations) {
  let x = 1
  for (let i = 0; i < iterations; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0
  return x
}

/** 0: free, 1: held, 2: held and waited for. */
function lock(words) {
  let found = Atomics.compareExchange(words, LOCK, 0, 1)
  if (found === 0) return
  if (found !== 2) found = Atomics.exchange(words, LOCK, 2)
  while (found !== 0) {
    Atomics.wait(words, LOCK, 2)
    found = Atomics.exchange(words, LOCK, 2)
  }
}

function unlock(words) {
  if (Atomics.sub(words, LOCK, 1) === 1) return
  Atomics.store(words, LOCK, 0)
  Atomics.notify(words, LOCK, 1)
}

function work({ p, index, shared, counts }) {
  const words = new Int32Array(shared)
  const own = new Float64Array(counts, index * 16, 2)
  spin(5e6)
  const from = performance.now()
  spin(2e7)
  const perMs = 2e7 / (performance.now() - from)
  const counted = (kind, ms) => {
    const iterations = Math.round(perMs * ms)
    spin(iterations)
    own[kind] += iterations
  }
  for (;;) {
    lock(words)
    counted(SERIAL, JOB_MS * (1 - p))
    unlock(words)
    counted(PARALLEL, JOB_MS * p)
  }
}

function lead() {
  const [p, workers] = process.argv.slice(2).map(Number)
  const shared = new SharedArrayBuffer(4)
  const counts = new SharedArrayBuffer(16 * workers)
  for (let index = 0; index < workers; index++)
    new Worker(new URL(import.meta.url), { workerData: { p, index, shared, counts } })
  const all = new Float64Array(counts)
  const sum = (kind) => all.reduce((total, count, i) => (i % 2 === kind ? total + count : total), 0)
  const read = () => {
    const { user, system } = process.cpuUsage()
    return { ms: performance.now(), cpu: (user + system) / 1e6, kinds: [sum(SERIAL), sum(PARALLEL)] }
  }
  let begin = read()
  process.on('SIGUSR1', () => {
    begin = read()
  })
  process.on('SIGTERM', () => {
    const end = read()
    const [serial, parallel] = end.kinds.map((count, kind) => count - begin.kinds[kind])
    const report = {
      record: 'final',
      seconds: (end.ms - begin.ms) / 1000,
      cpu_seconds: end.cpu - begin.cpu,
      p: parallel / (serial + parallel),
    }
    process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0))
  })
  console.log(JSON.stringify({ record: 'ready', pid: process.pid }))
  setInterval(() => undefined, 1000)
}

if (isMainThread) lead()
else work(workerData)
