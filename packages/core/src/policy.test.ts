import { describe, expect, it } from 'vitest'
import { exponential, fixed } from './backoff.ts'
import { batchOperationsMax, completePolicy, overdueAgeMs, staleAgeMs } from './policy.ts'

const hourMs = 3_600_000

describe('completePolicy', () => {
  it('fills in what a type does not say', () => {
    expect(completePolicy({}, 'high')).toEqual({
      batch: { max: batchOperationsMax, lingerMs: 0 },
      retry: exponential({ attempts: 8 }),
      conflict: 'manual',
    })
  })

  it('keeps what a type says', () => {
    const options = { batch: { max: 5, lingerMs: 30_000 }, retry: fixed(1000), conflict: 'merge' } as const
    expect(completePolicy(options, 'low')).toEqual(options)
  })

  it.each([
    { batch: { max: 0 } },
    { batch: { max: 1.5 } },
    { batch: { max: batchOperationsMax + 1 } },
    { batch: { lingerMs: -1 } },
    { batch: { lingerMs: Number.NaN } },
    { retry: exponential({ attempts: 0 }) },
    { retry: exponential({ attempts: 2.5 }) },
    { retry: exponential({ baseMs: Number.NaN }) },
    { retry: exponential({ capMs: Number.POSITIVE_INFINITY }) },
    { retry: exponential({ factor: 0.5 }) },
    { retry: exponential({ jitter: 1.5 }) },
    { retry: exponential({ jitter: Number.NaN }) },
    { retry: fixed(1000, -1) },
    { retry: fixed(Number.NaN) },
  ])('refuses %j, which could never become due or never end', (options) => {
    expect(() => completePolicy(options, 'medium')).toThrow(expect.objectContaining({ code: 'invalid-definition' }))
  })
})

it('R007 R017 calls an entry stale after 24 h and overdue after 72 h', () => {
  expect(staleAgeMs).toBe(24 * hourMs)
  expect(overdueAgeMs).toBe(72 * hourMs)
})
