// Writes what is read of the memory of a Ruby to find its GVL, while one of its threads has it: the fixture of find-gvl.test.ts.
// After `npm run build`, as root: node test/runtimes/ruby/capture-memory.mjs NAME RUBY [ARGUMENT …] >NAME.json
// RUBY with its arguments is given a script on its standard input.
import { spawn } from 'node:child_process'
import { openForeignProcess } from '../../../dist/foreign/foreign-process.js'
import { createRefusals } from '../../../dist/foreign/refusal.js'
import { findGvl } from '../../../dist/runtimes/ruby/find-gvl.js'
import { createInterpreterFiles } from '../../../dist/symbolize/interpreter-files.js'
import { loadBiasOf } from '../../../dist/symbolize/load-bias.js'

const SCRIPT = 'Thread.new { loop { } }; puts; $stdout.flush; sleep\n'
/** Around the variable that leads to the rest: the others would only fill the fixture. */
const VARIABLES_BYTES = 64n

const [name, command, ...args] = process.argv.slice(2)
const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
child.stdin.end(SCRIPT)
await new Promise((resolve) => child.stdout.once('data', resolve))
await new Promise((resolve) => setTimeout(resolve, 300))

const one = openForeignProcess('/proc', child.pid, createRefusals())
const found = one.lookIntoMemory((memory) => {
  const [{ mapping, loads, symbols }] = memory.mappings.flatMap((mapping) => {
    const file = mapping.offset === 0n ? createInterpreterFiles()(one, mapping) : undefined
    return file?.symbols.ruby_version ? [{ mapping, ...file }] : []
  })
  const bias = loadBiasOf(loads, mapping)
  const written = loads.find(({ fileBytes, memoryBytes }) => memoryBytes > fileBytes)
  const variables = written.address + written.fileBytes
  const begin = bias + BigInt(variables + (-variables & 7))
  const read = (address, bytes) => memory.read(mapping.file, address, bytes)
  const version = bias + BigInt(symbols.ruby_version.address)
  const sizeBytes = written.memoryBytes - written.fileBytes
  for (let address = begin; address < begin + BigInt(sizeBytes); address += VARIABLES_BYTES) {
    const ruby = { variables: { address, sizeBytes: Number(VARIABLES_BYTES) }, version }
    const pieces = {}
    const look = findGvl(ruby, (at, bytes) => {
      const piece = read(at, bytes)
      if (piece) pieces[`0x${at.toString(16)}`] = Buffer.from(piece).toString('hex')
      return piece
    })
    if (look.kind === 'found') return { name, ruby, memory: pieces, lock: look.locks[0] }
  }
})
child.kill('SIGKILL')

if (!found?.value) throw new Error('no GVL')
const withText = (_key, value) => (typeof value === 'bigint' ? `0x${value.toString(16)}` : value)
console.log(JSON.stringify(found.value, withText, 2))
process.exit()
