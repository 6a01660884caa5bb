import { createHash, timingSafeEqual } from 'node:crypto'
import type { Logger } from '../log/logger.js'
import { readSmallFile } from '../small-file.js'

/** A shorter token could be guessed. Characters. */
const MIN_TOKEN_LENGTH = 16

/** `off`: there is no token. `unusable`: the log says why. */
export type TokenCheck = 'right' | 'wrong' | 'off' | 'unusable'

/**
 * Compares an Authorization header with the token of a file, which is read each time: it may be replaced.
 * The time that it takes says nothing of the token.
 */
export type CheckToken = (authorization: string | undefined) => Promise<TokenCheck>

/** @param file Undefined: no token is the right one. What is wrong with the file is logged once, until it changes. */
export function createTokenCheck(file: string | undefined, logger: Logger): CheckToken {
  if (file === undefined) return async () => 'off'
  let lastProblem: string | undefined
  const report = (level: 'error' | 'warn', problem: string | undefined) => {
    if (problem !== undefined && problem !== lastProblem) logger[level]({ file }, problem)
    lastProblem = problem
  }
  return async (authorization) => {
    const read = await readSmallFile(file)
    if ('problem' in read) {
      report('error', `the token file cannot be read: ${read.problem}`)
      return 'unusable'
    }
    const token = read.text.trim()
    if (token.length < MIN_TOKEN_LENGTH) {
      report('error', `the token file has a token of fewer than ${MIN_TOKEN_LENGTH} characters`)
      return 'unusable'
    }
    const isOpen = read.isReadableByAll
    report('warn', isOpen ? `every user may read the token: chmod o= ${file}` : undefined)
    const given = /^Bearer +(\S+(?: \S+)*) *$/i.exec(authorization ?? '')?.[1]
    if (given === undefined) return 'wrong'
    return timingSafeEqual(digest(given), digest(token)) ? 'right' : 'wrong'
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
