import { expect, test } from 'vitest'
import { createKnownHosts } from '../../src/http/known-host.js'

const isKnown = createKnownHosts(['Web1.Example.org', 'amdahl.example.net'])

test.each([
  '127.0.0.1',
  '127.0.0.1:10967',
  '192.0.2.7:80',
  '[::1]',
  '[2001:db8::1]:10967',
  'localhost',
  'LOCALHOST:10967',
  'a.localhost:1',
  'web1:10967',
  'web1.example.org',
  'WEB1.example.org.:10967',
  'amdahl.example.net:443',
])('%s is known', (host) => expect(isKnown(host)).toBe(true))

test.each([
  '',
  'evil.example',
  'web1.evil.example:10967',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  '127.0.0.1:80:80',
  'web1.example.org@evil.example',
  '[web1]',
  'example.org',
])('%j is not', (host) => expect(isKnown(host)).toBe(false))
