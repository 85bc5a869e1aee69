/**
 * Token buckets: so many requests a second for each key, with a burst on top. One set belongs to one process; behind
 * several processes a key has the sum of their rates.
 *
 * Whoever comes too early is told when to come again, each a little later than the one before: a herd that was turned
 * away together comes back in a line.
 */

/** How many requests a key has. */
export interface RequestRate {
  readonly perSecond: number
  /** How many may come at once. */
  readonly burst: number
}

/** Buckets by key. */
export interface TokenBuckets {
  /** Takes a token: 0, or how long to wait for one, ms. */
  readonly take: (key: string) => number
}

/** Keys that are remembered; the one that was used longest ago is forgotten first, and begins anew with a full bucket. */
const keysMax = 50_000

/** The longest wait: a line may grow longer, and its end then comes to ask again. */
const waitMaxMs = 60_000

interface Bucket {
  tokens: number
  /** Those turned away who have been given a time that has not come yet. */
  line: number
  atMs: number
}

/** Makes buckets; `nowMs` is the server's clock. */
export function createTokenBuckets({ perSecond, burst }: RequestRate, nowMs: () => number): TokenBuckets {
  const buckets = new Map<string, Bucket>()
  return {
    take: (key) => {
      const now = nowMs()
      const bucket = buckets.get(key) ?? { tokens: burst, line: 0, atMs: now }
      // Moved to the end: the first is the one that was used longest ago.
      buckets.delete(key)
      buckets.set(key, bucket)
      const [oldest] = buckets.size > keysMax ? buckets.keys() : []
      if (oldest !== undefined) buckets.delete(oldest)
      const gained = (Math.max(now - bucket.atMs, 0) / 1000) * perSecond
      bucket.tokens = Math.min(bucket.tokens + gained, burst)
      bucket.line = Math.max(bucket.line - gained, 0)
      bucket.atMs = now
      if (bucket.tokens >= 1) {
        bucket.tokens -= 1
        return 0
      }
      bucket.line = Math.min(bucket.line + 1, (waitMaxMs / 1000) * perSecond)
      return Math.max(Math.ceil((bucket.line / perSecond) * 1000), 1)
    },
  }
}
