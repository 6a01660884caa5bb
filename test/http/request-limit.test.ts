import { connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { type SmallServer, serveSmall } from '../support/http-defaults.js'

let small: SmallServer
afterEach(() => small.server.close())

/** Of 123 kB, as of 90 targets. */
const BODY = 'amdahl_target_cpus{target="shop"} 4\n'.repeat(3500)

/** A rendering that lasts until it is let go. */
function createSlowMetrics() {
  const waiting: (() => void)[] = []
  let renderings = 0
  return {
    renderings: () => renderings,
    release: () => waiting.splice(0).forEach((go) => void go()),
    async render() {
      renderings++
      await new Promise<void>((resolve) => waiting.push(resolve))
      return { contentType: 'text/plain', body: `rendering ${renderings}\n` }
    },
  }
}

async function until(isReached: () => boolean): Promise<void> {
  while (!isReached()) await new Promise((resolve) => setImmediate(resolve))
}

describe('requests at a time', () => {
  test('beyond the limit are 503, and those under way are answered', async () => {
    const metrics = createSlowMetrics()
    small = await serveSmall({ metrics, maxRequests: 1 })
    const first = fetch(`http://${small.address}/metrics`)
    await until(() => metrics.renderings() === 1)
    for (const path of ['/metrics', '/-/healthy', '/api/v1/targets', '/nowhere']) {
      const refused = await fetch(`http://${small.address}${path}`)
      expect([path, refused.status]).toEqual([path, 503])
      expect(refused.headers.get('retry-after')).toBe('1')
      expect(await refused.text()).toContain('--web.max-requests')
    }
    metrics.release()
    expect(await (await first).text()).toBe('rendering 1\n')
    for (let times = 0; times < 3; times++) {
      expect((await fetch(`http://${small.address}/-/healthy`)).status).toBe(200)
      expect((await fetch(`http://${small.address}/nowhere`)).status).toBe(404)
    }
  })

  test('have no limit at 0', async () => {
    const metrics = createSlowMetrics()
    small = await serveSmall({ metrics, maxRequests: 0 })
    const first = fetch(`http://${small.address}/metrics`)
    await until(() => metrics.renderings() === 1)
    expect((await fetch(`http://${small.address}/-/healthy`)).status).toBe(200)
    metrics.release()
    expect((await first).status).toBe(200)
  })
})

test('scrapes that ask at the same moment share one rendering, and one place', async () => {
  let renderings = 0
  const render = async () => {
    renderings++
    return { contentType: 'text/plain', body: 'amdahl_up 1\n' }
  }
  small = await serveSmall({ metrics: { render }, maxRequests: 1 })
  const asked = `GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n`
  const sockets = await Promise.all(
    Array.from({ length: 30 }, async () => {
      const socket = connect(Number(small.address.split(':')[1]), '127.0.0.1')
      await new Promise((resolve) => socket.once('connect', resolve))
      return socket
    }),
  )
  const askAll = () => {
    const answers = sockets.map(
      (socket) =>
        new Promise<string>((resolve) => socket.once('data', (data) => resolve(data.toString('latin1')))),
    )
    for (const socket of sockets) socket.write(asked)
    return Promise.all(answers)
  }
  // The server accepts one after the other: by the second time it has all.
  await askAll()
  renderings = 0
  for (const answer of await askAll()) expect(answer).toMatch(/^HTTP\/1\.1 200 /)
  expect(renderings).toBeLessThanOrEqual(2)
  for (const socket of sockets) socket.destroy()
})

describe('answers that are not taken', () => {
  /** As a client that sends its requests at once, and reads nothing. */
  function flood(count: number, requests: number) {
    return Array.from({ length: count }, () => {
      const socket = connect(Number(small.address.split(':')[1]), '127.0.0.1')
      socket.pause().on('error', () => {})
      socket.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(requests))
      return socket
    })
  }

  test.each([
    ['a few', 8],
    ['many', 20],
  ])('%s on each of 150 connections leave scrapes and memory alone', async (_, requests) => {
    let renderings = 0
    small = await serveSmall({
      metrics: {
        render: async () => {
          renderings++
          return { contentType: 'text/plain', body: `# ${renderings}\n${BODY}` }
        },
      },
    })
    await (await fetch(`http://${small.address}/metrics`)).text()
    const before = process.memoryUsage().rss
    const sockets = flood(150, requests)
    try {
      for (let times = 0; times < 10; times++) {
        const begin = performance.now()
        const answer = await fetch(`http://${small.address}/metrics`)
        expect((await answer.text()).length).toBeGreaterThan(BODY.length)
        expect(performance.now() - begin).toBeLessThan(1000)
        await new Promise((resolve) => setImmediate(resolve))
      }
      expect((process.memoryUsage().rss - before) / 1e6).toBeLessThan(60)
      expect(renderings).toBeLessThan(600)
    } finally {
      for (const socket of sockets) socket.destroy()
    }
  })

  test('are answered one after the other where they are taken', async () => {
    small = await serveSmall({ metrics: { render: async () => ({ contentType: 'text/plain', body: BODY }) } })
    const socket = connect(Number(small.address.split(':')[1]), '127.0.0.1')
    let [text, last] = ['', '']
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.on('data', (data) => {
      text += data.toString('latin1')
      last = text.slice(-20)
    })
    socket.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(7))
    socket.write('GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    await closed
    expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(8)
    expect(last).toMatch(/Healthy\n$/)
  })
})
