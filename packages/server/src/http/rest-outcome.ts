/** What an outcome means at a REST door, where one request is one operation. */
import { problem, type Outcome, type Problem } from '@holdfast/core'
import { appliedOf } from '../ledger.ts'

/** Why the effect of a request did not happen, and how long to wait before asking again where that makes sense. */
export interface RestFailure {
  readonly problem: Problem
  readonly retryAfterMs?: number
}

const retryAfterDefaultMs = 5_000

/** The failure that an outcome is, or `undefined` when the effect has happened, now or before. */
export function restFailureOf(outcome: Outcome): RestFailure | undefined {
  if (appliedOf(outcome) !== undefined) return undefined
  switch (outcome.outcome) {
    case 'duplicate':
      return restFailureOf(outcome.first)
    case 'rejected':
      return { problem: outcome.problem }
    case 'conflict':
      return { problem: outcome.problem ?? problem('conflict', 'Somebody else changed it first') }
    case 'deferred':
      return {
        problem: outcome.problem ?? problem('unavailable', 'An operation before it was not applied'),
        retryAfterMs: outcome.retryAfterMs ?? retryAfterDefaultMs,
      }
    case 'applied':
      return undefined
  }
}
