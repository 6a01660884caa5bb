import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { expect, test } from 'vitest'
import { createConnections } from '../../src/http/connections.js'

function socket(): Socket {
  return new Duplex({ read: () => {}, write: () => {} }) as Socket
}

test('the one that was quiet for the longest time makes room', () => {
  const connections = createConnections(3)
  const [a, b, c, d, e] = [socket(), socket(), socket(), socket(), socket()] as const
  for (const one of [a, b, c]) connections.add(one)
  connections.touch(a)
  connections.add(d)
  expect([a, b, c, d].map(({ destroyed }) => destroyed)).toEqual([false, true, false, false])
  connections.add(e)
  expect([a, c, d, e].map(({ destroyed }) => destroyed)).toEqual([false, true, false, false])
})

test('one that is closed leaves its place, and is not taken up again', async () => {
  const connections = createConnections(2)
  const [a, b, c] = [socket(), socket(), socket()] as const
  connections.add(a)
  connections.add(b)
  a.destroy()
  await new Promise((resolve) => a.once('close', resolve))
  connections.touch(a)
  connections.add(c)
  expect([b.destroyed, c.destroyed]).toEqual([false, false])
  connections.closeAll()
  expect([b.destroyed, c.destroyed]).toEqual([true, true])
})

test('what TLS shows of a connection is the connection', () => {
  const connections = createConnections(2)
  const at = (remotePort: number) => Object.assign(socket(), { remoteAddress: '192.0.2.1', remotePort })
  const [a, b, c] = [at(1), at(2), at(3)] as const
  connections.add(a)
  connections.add(b)
  connections.touch(at(1))
  connections.add(c)
  expect([a, b, c].map(({ destroyed }) => destroyed)).toEqual([false, true, false])
})
