import { createHash, timingSafeEqual } from 'node:crypto'
import { readFile } from 'node:fs/promises'

/** A shorter token could be guessed. Characters. */
const MIN_TOKEN_LENGTH = 16

export type TokenCheck = 'right' | 'wrong' | { readonly unusable: string }

/**
 * Compares the Authorization header with the token of a file, which is read each time: it may be replaced.
 * The time that it takes says nothing of the token.
 */
export async function checkToken(file: string, authorization: string | undefined): Promise<TokenCheck> {
  let token: string
  try {
    token = (await readFile(file, 'utf8')).trim()
  } catch (error) {
    return {
      unusable: `the token file cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown'}`,
    }
  }
  if (token.length < MIN_TOKEN_LENGTH) {
    return { unusable: `the token file has a token of fewer than ${MIN_TOKEN_LENGTH} characters` }
  }
  const given = /^Bearer +(\S+(?: \S+)*) *$/i.exec(authorization ?? '')?.[1]
  if (given === undefined) return 'wrong'
  return timingSafeEqual(digest(given), digest(token)) ? 'right' : 'wrong'
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
