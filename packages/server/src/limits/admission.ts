/**
 * How much is taken in. A request above a rate is 429, one above what the process can hold at once is 503, both with the
 * time to come again; nothing that was taken in is ever dropped. All of it counts per process.
 */
import { problem } from '@holdfast/core'
import { problemAnswer } from '../http/answer.ts'
import { createTokenBuckets, type RequestRate, type TokenBuckets } from './token-buckets.ts'

/** Limits of what is taken in; `null` lifts one. */
export interface AdmissionLimits {
  /** Requests of one user of a tenant. Default 200 a second, 2,000 at once: one device sends one at a time. */
  readonly userRate?: RequestRate | null
  /** Requests of one tenant. Default 2,000 a second, 10,000 at once. */
  readonly tenantRate?: RequestRate | null
  /** Requests in work or waiting, each with a body in memory. Default 256. */
  readonly requestsMax?: number
}

/** Lets requests in. */
export interface Admission {
  /** Answers when there is room and otherwise says 503. */
  readonly within: (answer: () => Promise<Response>) => Promise<Response>
  /** The answer to a request above its rate; `undefined` when it may go on. */
  readonly refusalOf: (session: { readonly tenant: string; readonly user: string }) => Response | undefined
}

const userRateDefault: RequestRate = { perSecond: 200, burst: 2_000 }
const tenantRateDefault: RequestRate = { perSecond: 2_000, burst: 10_000 }
const requestsMaxDefault = 256

/** Between these, so that those turned away together do not come back together. */
const busyRetryMinMs = 1_000
const busyRetryMaxMs = 5_000

/** Makes the admission of one process; `nowMs` is its clock. */
export function createAdmission(limits: AdmissionLimits, nowMs: () => number): Admission {
  const { userRate = userRateDefault, tenantRate = tenantRateDefault, requestsMax = requestsMaxDefault } = limits
  const users = bucketsOf(userRate, nowMs)
  const tenants = bucketsOf(tenantRate, nowMs)
  let inWork = 0
  return {
    within: async (answer) => {
      if (inWork >= requestsMax) {
        const retryAfterMs = busyRetryMinMs + Math.random() * (busyRetryMaxMs - busyRetryMinMs)
        return problemAnswer(problem('unavailable', 'The server is busy'), { retryAfterMs })
      }
      inWork += 1
      try {
        return await answer()
      } finally {
        inWork -= 1
      }
    },
    refusalOf: ({ tenant, user }) => {
      const retryAfterMs = users?.take(JSON.stringify([tenant, user])) || tenants?.take(tenant) || 0
      if (retryAfterMs === 0) return undefined
      return problemAnswer(problem('rate-limited', 'Too many requests'), { retryAfterMs })
    },
  }
}

function bucketsOf(rate: RequestRate | null, nowMs: () => number): TokenBuckets | undefined {
  return rate === null ? undefined : createTokenBuckets(rate, nowMs)
}
