import { expect, test } from 'vitest'
import { parseExternalUrl } from '../../src/config/external-url.js'

test.each([
  ['http://example.org', { origin: 'http://example.org', host: 'example.org', prefix: '' }],
  ['http://example.org/', { origin: 'http://example.org', host: 'example.org', prefix: '' }],
  [
    'https://Example.org:8443/a/b-c/',
    { origin: 'https://example.org:8443', host: 'example.org', prefix: '/a/b-c' },
  ],
  ['http://[::1]:80/a', { origin: 'http://[::1]', host: '[::1]', prefix: '/a' }],
])('%s', (text, url) => expect(parseExternalUrl(text)).toEqual(url))

test.each([
  '',
  '/amdahl',
  'example.org',
  'example.org:8080/a',
  'ftp://example.org',
  'http://user@example.org',
  'http://user:secret@example.org',
  'http://example.org/?a',
  'http://example.org/#a',
  'http://example.org/a b',
  'http://example.org/<script>',
  'http://example.org//a',
])('%j is none', (text) => expect(parseExternalUrl(text)).toBeUndefined())
