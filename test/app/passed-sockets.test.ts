import { expect, test } from 'vitest'
import { passedSockets } from '../../src/app/passed-sockets.js'

test('the sockets after the standard streams', () => {
  expect(passedSockets({ pid: 7, activation: { pid: '7', sockets: '2' } })).toEqual([
    { descriptor: 3 },
    { descriptor: 4 },
  ])
})

test.each([
  [undefined, undefined, 'no socket was handed over (LISTEN_FDS is not set)'],
  ['7', '0', 'no socket was handed over (LISTEN_FDS is 0)'],
  ['7', 'two', 'no socket was handed over (LISTEN_FDS is two)'],
  ['8', '1', 'the sockets are for process 8 (LISTEN_PID), this is 7'],
  [undefined, '1', 'the sockets are for process undefined (LISTEN_PID), this is 7'],
])('LISTEN_PID %s, LISTEN_FDS %s: %s', (pid, sockets, message) => {
  expect(() => passedSockets({ pid: 7, activation: { pid, sockets } })).toThrow(
    `${message}; start the exporter by a systemd socket unit, or leave --web.systemd-socket out`,
  )
})
