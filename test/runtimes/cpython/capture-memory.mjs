// Writes what is read of the memory of a Python to find its GIL, while one thread has it: the fixture of find-gils.test.ts.
// After `npm run build`, as root: node test/runtimes/cpython/capture-memory.mjs NAME PYTHON [ARGUMENT …] >NAME.json
// PYTHON with its arguments has to run one-computes.py, such as: /usr/bin/python3.11 test/runtimes/cpython/one-computes.py
import { spawn } from 'node:child_process'
import { basename } from 'node:path'
import { createInterface } from 'node:readline'
import { openForeignProcess } from '../../../dist/foreign/foreign-process.js'
import { createRefusals } from '../../../dist/foreign/refusal.js'
import { findGils } from '../../../dist/runtimes/cpython/find-gils.js'
import { createInterpreterFiles } from '../../../dist/symbolize/interpreter-files.js'
import { loadBiasOf } from '../../../dist/symbolize/load-bias.js'

const [name, command, ...args] = process.argv.slice(2)
const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
const { value: line } = await createInterface(child.stdout)[Symbol.asyncIterator]().next()
const [computing, waiting] = line.split(' ')

const one = openForeignProcess('/proc', child.pid, createRefusals())
const found = one.lookIntoMemory((memory) => {
  const places = memory.mappings.flatMap((mapping) => {
    const { loads, symbols } = (mapping.offset === 0n && createInterpreterFiles()(one, mapping)) || {}
    if (!symbols?._PyRuntime) return []
    return { mapping, symbols, bias: loadBiasOf(loads, mapping) }
  })
  const { mapping, symbols, bias } = places[0]
  const addressOf = (symbol) => symbol && bias + BigInt(symbol.address)
  const python = {
    fileName: basename(mapping.path),
    runtime: { address: addressOf(symbols._PyRuntime), sizeBytes: symbols._PyRuntime.sizeBytes },
    version: addressOf(symbols.Py_Version),
  }
  const pieces = {}
  const look = findGils(python, (address, bytes) => {
    const read = memory.read(mapping.file, address, bytes)
    if (read) pieces[`0x${address.toString(16)}`] = Buffer.from(read).toString('hex')
    return read
  })
  return { name, python, threads: { computing, waiting }, memory: pieces, look }
})
child.kill('SIGKILL')

if (found?.value?.look.kind !== 'found') throw new Error(`no GIL: ${found?.value?.look.reason}`)
const { look: _, ...fixture } = found.value
const withText = (_key, value) => (typeof value === 'bigint' ? `0x${value.toString(16)}` : value)
console.log(JSON.stringify(fixture, withText, 2))
process.exit()
