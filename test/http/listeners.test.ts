import { connect, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { boundAddress, closeListeners, openListeners } from '../../src/http/listeners.js'

test('connections that cannot be accepted end nothing', async () => {
  const accepted: Socket[] = []
  const failed: string[] = []
  const servers = await openListeners([{ host: '127.0.0.1', port: 0 }], {
    accept: (socket) => accepted.push(socket),
    fail: ({ message }) => failed.push(message),
  })
  const [server] = servers
  for (let times = 0; times < 3; times++) server?.emit('error', new Error('accept EMFILE'))
  expect(failed).toEqual(['accept EMFILE', 'accept EMFILE', 'accept EMFILE'])
  const socket = connect(Number(server && boundAddress(server).split(':')[1]), '127.0.0.1')
  await new Promise((resolve) => server?.once('connection', resolve))
  expect(accepted).toHaveLength(1)
  socket.destroy()
  for (const one of accepted) one.destroy()
  await closeListeners(servers, () => {})
})
