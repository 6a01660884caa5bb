import { createAnswerer, type ReaderRequest } from './reader/answer.js'

// The process that reads what other processes control: it answers what it is asked for, one after the other.
const [procfs = '/proc', rootfs = '/'] = process.argv.slice(2)
const answer = createAnswerer({ procfs, rootfs })

process.on('message', (request: ReaderRequest) => process.send?.(answer(request, performance.now())))
// Signals to the whole group, such as Ctrl-C, are for the exporter: this one ends with it. SIGUSR1 would open a debugger.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2']) process.on(signal, () => {})
process.on('disconnect', () => process.exit())
