import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer as createPlain } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { askExporter } from '../../src/cli/exporter-answer.js'
import { writeCertificates } from '../support/certificates.js'

let server: Server | undefined
afterEach(() => server?.close())

async function listen(made: Server): Promise<number> {
  server = made
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve))
  return (made.address() as AddressInfo).port
}

test('gives the user of the address, whose password is in no message', async () => {
  const port = await listen(
    createPlain(({ headers: { authorization } }, response) => {
      const isRight = authorization === `Basic ${Buffer.from('alice:p@ss').toString('base64')}`
      response.writeHead(isRight ? 200 : 401).end('{}')
    }),
  )
  expect(await askExporter(`http://alice:p%40ss@127.0.0.1:${port}/a`, '--from')).toEqual({
    ok: true,
    body: {},
  })
  for (const user of ['', 'alice:wrong@']) {
    expect(await askExporter(`http://${user}127.0.0.1:${port}/a`, '--from')).toEqual({
      ok: false,
      status: 401,
      problem: `the exporter at http://127.0.0.1:${port}/a wants a user; give one as --from=http://NAME:PASSWORD@HOST:PORT`,
    })
  }
  expect(await askExporter('http://alice:secret@127.0.0.1:1/a', '--from')).toEqual({
    ok: false,
    status: undefined,
    problem: expect.not.stringContaining('secret'),
  })
})

test('says how an authority is made known', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'amdahl-ask-'))
  writeCertificates(folder)
  const read = (name: string) => readFileSync(join(folder, name))
  const port = await listen(createServer({ cert: read('server.pem'), key: read('server.key') }))
  rmSync(folder, { recursive: true })
  expect(await askExporter(`https://localhost:${port}/a`, '--from')).toMatchObject({
    ok: false,
    problem: expect.stringContaining('NODE_EXTRA_CA_CERTS=FILE'),
  })
})
