import { createServer, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { oneAtATime } from '../../src/http/one-at-a-time.js'

let server: Server
let socket: Socket
let given: [string, ServerResponse][]
let onGiven: () => void
beforeEach(async () => {
  given = []
  onGiven = () => {}
  server = createServer(
    oneAtATime((request, response) => {
      given.push([request.url ?? '', response])
      onGiven()
    }),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  await new Promise((resolve) => socket.once('connect', resolve))
})
afterEach(() => {
  socket.destroy()
  server.closeAllConnections()
  server.close()
})

function send(...paths: string[]): void {
  socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`).join(''))
}

function nextGiven(): Promise<void> {
  return new Promise((resolve) => {
    onGiven = resolve
  })
}

const paths = () => given.map(([path]) => path)

test('the next request is given when the answer to the one before is taken', async () => {
  const first = nextGiven()
  send('/a', '/b', '/c')
  await first
  for (const all of [['/a'], ['/a', '/b'], ['/a', '/b', '/c']]) {
    // Whatever else came with it would be there by now.
    await new Promise((resolve) => setImmediate(resolve))
    expect(paths()).toEqual(all)
    const next = nextGiven()
    given.at(-1)?.[1].end(all.join())
    if (all.length < 3) await next
  }
  let text = ''
  await new Promise<void>((resolve) => {
    socket.on('data', (data) => {
      text += data
      if (text.includes('/a,/b,/c')) resolve()
    })
  })
  expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(3)
  const later = nextGiven()
  send('/d')
  await later
  expect(paths()).toEqual(['/a', '/b', '/c', '/d'])
})

test('a connection on which more than eight wait is closed', async () => {
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.on('error', () => {})
  send(...Array.from({ length: 10 }, (_, index) => `/${index}`))
  await closed
  expect(paths()).toEqual(['/0'])
})

test('what waits on a connection that ends is not given', async () => {
  const first = nextGiven()
  send('/a', '/b')
  await first
  const response = given[0]?.[1]
  const ended = new Promise((resolve) => response?.once('close', resolve))
  socket.destroy()
  await ended
  await new Promise((resolve) => setImmediate(resolve))
  expect(paths()).toEqual(['/a'])
})
