import { fastify } from 'fastify'
import { expect, test } from 'vitest'
import { learnServedPaths } from '../../src/http/served-paths.js'

test('paths and methods are those of the routes, in plugins too', async () => {
  const app = fastify()
  const served = learnServedPaths(app)
  app.get('/metrics', async () => '')
  await app.register(async (inner) => {
    inner.post('/-/reload', async () => '')
    inner.get('/docs/:page', async () => '')
    inner.get('/files/*', async () => '')
    inner.get('/both', async () => '')
    inner.post('/both', async () => '')
  })
  expect(served.list()).toEqual(['/metrics', '/-/reload', '/both'])
  expect(served.methodsOf('/metrics')).toEqual(['GET', 'HEAD'])
  expect(served.methodsOf('/-/reload')).toEqual(['POST'])
  expect(served.methodsOf('/both')).toEqual(['GET', 'HEAD', 'POST'])
  expect(served.methodsOf('/docs/method')).toEqual(['GET', 'HEAD'])
  expect(served.methodsOf('/nowhere')).toEqual(['GET', 'HEAD'])
})
