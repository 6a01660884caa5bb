import type { WebConfig } from '../config/web-config.js'

/** Whether one more request is within a rate. */
export type TokenBucket = (rate: NonNullable<WebConfig['rateLimit']>) => boolean

/** A token each interval, at most `burst` of them; a request takes one. @param nowMs Monotonic. */
export function createTokenBucket(nowMs: () => number = () => performance.now()): TokenBucket {
  let tokens = Number.POSITIVE_INFINITY
  let last = nowMs()
  return ({ burst, intervalSeconds }) => {
    const now = nowMs()
    tokens = Math.min(burst, tokens + (now - last) / 1000 / intervalSeconds)
    last = now
    if (tokens < 1) return false
    tokens--
    return true
  }
}
