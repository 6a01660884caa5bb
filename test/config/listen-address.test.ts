import { expect, test } from 'vitest'
import { describeListenAddress, parseListenAddress } from '../../src/config/listen-address.js'

test.each([
  [':10967', undefined, 10_967],
  ['127.0.0.1:10967', '127.0.0.1', 10_967],
  ['[::1]:10967', '::1', 10_967],
  ['localhost:0', 'localhost', 0],
  ['web-1.example.org:65535', 'web-1.example.org', 65_535],
])('%s', (text, host, port) => {
  expect(parseListenAddress(text)).toEqual({ host, port })
})

test.each([
  '',
  '10967',
  ':',
  ':65536',
  ':http',
  '::1:10967',
  '[::1]',
  '[127.0.0.1]:1',
  '256.0.0.1:1',
  'a b:1',
  'http://localhost:1',
])('%j is refused', (text) => {
  expect(parseListenAddress(text)).toBeUndefined()
})

test.each([':10967', '127.0.0.1:1', '[::1]:2', 'localhost:0'])(
  '%s is described as it was written',
  (text) => {
    const address = parseListenAddress(text)
    expect(address && describeListenAddress(address)).toBe(text)
  },
)
