#!/usr/bin/env node
import { run } from './cli/run.js'
import { readVersion } from './version.js'

// Also before anything listens for it, and in commands that do not: a terminal that closes must not end the service.
process.on('SIGHUP', () => {})

const status = await run(process.argv.slice(2), {
  terminal: {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    // Back to the begin of the line, and clear it (ECMA-48: EL).
    progress: process.stderr.isTTY ? (line) => process.stderr.write(`\r\x1b[K${line}`) : undefined,
  },
  onStopSignal: (handler) => {
    process.on('SIGTERM', handler)
    process.on('SIGINT', handler)
  },
  onReloadSignal: (handler) => process.on('SIGHUP', handler),
  self: {
    pid: process.pid,
    isRoot: process.geteuid?.() === 0,
    version: readVersion(),
    nodeVersion: process.versions.node,
    activation: { pid: process.env.LISTEN_PID, sockets: process.env.LISTEN_FDS },
    monotonicNs: process.hrtime.bigint,
    nowSeconds: () => Date.now() / 1000,
    cost() {
      const { user, system } = process.cpuUsage()
      return {
        cpuSeconds: (user + system) / 1e6,
        residentBytes: process.memoryUsage.rss(),
        startTimestampSeconds: performance.timeOrigin / 1000,
      }
    },
  },
})
process.exit(status)
