import { describe, expect, test } from 'vitest'
import { renderLogfmt } from '../../src/log/logfmt.js'
import { createLogger, type LoggerOptions } from '../../src/log/logger.js'

function logged(options: Pick<LoggerOptions, 'level' | 'format'>) {
  const lines: string[] = []
  return { lines, logger: createLogger({ ...options, destination: { write: (line) => lines.push(line) } }) }
}

const TIMESTAMP = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/

test('logfmt: time, level and message first, then the fields', () => {
  const { lines, logger } = logged({ level: 'info', format: 'logfmt' })
  logger.info({ backend: 'bpftrace', restarts: 2, reason: undefined }, 'tracer started')
  expect(lines).toEqual([
    expect.stringMatching(
      new RegExp(`^ts=${TIMESTAMP.source} level=info msg="tracer started" backend=bpftrace restarts=2\n$`),
    ),
  ])
})

test('json: the same names', () => {
  const { lines, logger } = logged({ level: 'info', format: 'json' })
  logger.warn({ code: 'BAD_INTEGER' }, 'line refused')
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    ts: expect.stringMatching(TIMESTAMP),
    level: 'warn',
    code: 'BAD_INTEGER',
    msg: 'line refused',
  })
})

test('levels below the chosen one are silent, and a child keeps its fields', () => {
  const { lines, logger } = logged({ level: 'warn', format: 'logfmt' })
  const child = logger.child({ target: 'a' })
  child.debug('x')
  child.info('x')
  child.warn('x')
  child.error('x')
  expect(lines.map((line) => line.replace(/ts=\S+ /, ''))).toEqual([
    'level=warn msg=x target=a\n',
    'level=error msg=x target=a\n',
  ])
})

test('an error is its message', () => {
  const { lines, logger } = logged({ level: 'info', format: 'logfmt' })
  logger.error({ err: new Error('no such file') }, 'failed')
  expect(lines[0]).toMatch(/ level=error msg=failed err="no such file"\n$/)
})

describe('renderLogfmt', () => {
  test.each([
    ['plain', 'k=plain'],
    ['', 'k=""'],
    ['two words', 'k="two words"'],
    ['a=b', 'k="a=b"'],
    ['say "hi"', 'k="say \\"hi\\""'],
    ['C:\\x y', 'k="C:\\\\x y"'],
    ['a\nlevel=error', 'k="a\\nlevel=error"'],
    ['\u001b[31mred', 'k="\\u001b[31mred"'],
    ['\u0085\u2028', 'k="\\u0085\\u2028"'],
    ['größer', 'k=größer'],
    [1.5, 'k=1.5'],
    [true, 'k=true'],
    [null, 'k=null'],
    [{ a: [1] }, 'k="{\\"a\\":[1]}"'],
  ])('%j', (value, text) => {
    expect(renderLogfmt({ k: value })).toBe(`${text}\n`)
  })

  test('a key cannot break the line', () => {
    expect(renderLogfmt({ 'a b="\n': 1, '': 2 })).toBe('a_b___=1 _=2\n')
  })
})
