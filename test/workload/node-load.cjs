#!/usr/bin/env node
// node-load.cjs P CHAINS [--think TIME] [--duration TIME]: an event loop with so many chains of jobs, of which the share 1 - P is
// JavaScript and the rest hashing in the pool of threads. Prints what it measured of itself at SIGTERM, or after that time; since
// SIGUSR1 if that came. Of times the unit is given: 30s, 20ms.
const { pbkdf2, pbkdf2Sync } = require('node:crypto')
const { readFileSync } = require('node:fs')
const { setTimeout: sleep } = require('node:timers/promises')
const { parseArgs, promisify } = require('node:util')

const JOB_MS = 4
const hash = (iterations) => promisify(pbkdf2)('shop', 'salt', iterations, 32, 'sha256')

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { think: { type: 'string' }, duration: { type: 'string' } },
})
const [p, chains] = positionals.map(Number)
const milliseconds = (text = '0ms') => Number.parseFloat(text) * (text.endsWith('ms') ? 1 : 1000)
const think = milliseconds(values.think)

function interpret(iterations) {
  let x = 1
  for (let i = 0; i < iterations; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0
  return x
}

/** CPU time of the thread of the event loop, milliseconds: sched-stats.rst of the kernel. */
const loopMs = () =>
  Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6

function perMs(work, amount) {
  const rates = [0, 1, 2].map(() => {
    const from = loopMs()
    work(amount)
    return amount / (loopMs() - from)
  })
  return Math.max(...rates)
}

interpret(5e6)
const iterations = Math.round(perMs(interpret, 2e7) * JOB_MS * (1 - p))
const rounds = Math.round(
  perMs((count) => pbkdf2Sync('shop', 'salt', count, 32, 'sha256'), 50_000) * JOB_MS * p,
)

function totals() {
  const { user, system } = process.cpuUsage()
  return { wall: performance.now(), cpu: (user + system) / 1000, loop: loopMs() }
}

let begin = totals()

async function chain() {
  for (;;) {
    interpret(iterations)
    await hash(rounds)
    if (think > 0) await sleep(-think * Math.log(1 - Math.random()))
  }
}

function finish() {
  const end = totals()
  const cpu = end.cpu - begin.cpu
  const used = { seconds: (end.wall - begin.wall) / 1000, cpu_seconds: cpu / 1000 }
  process.stdout.write(
    `${JSON.stringify({ record: 'final', ...used, p: 1 - (end.loop - begin.loop) / cpu })}\n`,
  )
  process.exit(0)
}

process.on('SIGTERM', finish).on('SIGUSR1', () => {
  begin = totals()
})
if (values.duration) setTimeout(finish, milliseconds(values.duration))
for (let i = 0; i < chains; i++) chain()
process.stdout.write(`${JSON.stringify({ record: 'ready', pid: process.pid })}\n`)
