/** Policies: what a type says about batching, retrying and conflicts. Data only; plan and delivery read it. */
import { defaultSchedule, attemptsMaxOf, type RetrySchedule } from './backoff.ts'
import { SyncError } from './error.ts'
import type { Priority } from './lane.ts'

/** How a conflict of this type is settled; see the conflict rules. `manual` waits for a person. */
export type ConflictStrategy = 'server_wins' | 'client_wins' | 'merge' | 'manual'

/** How operations of a type travel together. */
export interface BatchPolicy {
  /** Most operations of the type in one request. */
  readonly max: number
  /**
   * How long an operation may wait for company, counted from the first one that waits, and only while a request is
   * already in flight: an operation that finds the way free goes at once.
   */
  readonly lingerMs: number
}

/** All per-type rules, complete. */
export interface Policy {
  readonly batch: BatchPolicy
  readonly retry: RetrySchedule
  readonly conflict: ConflictStrategy
}

/** What a definition may say; the rest has defaults. */
export interface PolicyOptions {
  /** Default: at most 100 in a request, no linger. */
  readonly batch?: Partial<BatchPolicy>
  /** Default: exponential, with eight, five or three attempts by the lane's priority. */
  readonly retry?: RetrySchedule
  /** Default `manual`: nothing is overwritten unless a rule says so. */
  readonly conflict?: ConflictStrategy
}

/** Most operations in one request, whatever a policy says. */
export const batchOperationsMax = 100

/** Most bytes of operations in one request, counted as UTF-16 code units of their JSON. */
export const batchBytesMax: number = 512 * 1024

/** An entry of this age (ms) goes before fresh ones of any priority. */
export const staleAgeMs: number = 24 * 3_600_000

/** An entry of this age (ms) goes first, with no linger and no backoff of its own. */
export const overdueAgeMs: number = 72 * 3_600_000

/**
 * The longest wait of its own (ms) of an entry that was overdue already when the wait began. Not none at all: an entry
 * that fails, or any entry after the clock leapt forward, would use up its attempts in a breath.
 */
export const overdueWaitMaxMs = 60_000

/**
 * Completes a policy.
 *
 * @throws SyncError `invalid-definition` when a number is out of range
 */
export function completePolicy(options: PolicyOptions, priority: Priority): Policy {
  const max = options.batch?.max ?? batchOperationsMax
  const lingerMs = options.batch?.lingerMs ?? 0
  const retry = options.retry ?? defaultSchedule(priority)
  if (!Number.isInteger(max) || max < 1 || max > batchOperationsMax) {
    throw new SyncError(
      'invalid-definition',
      `batch.max is a whole number from 1 to ${batchOperationsMax}; got ${max}.`,
    )
  }
  if (!Number.isFinite(lingerMs) || lingerMs < 0) {
    throw new SyncError('invalid-definition', `batch.lingerMs is 0 or more milliseconds; got ${lingerMs}.`)
  }
  refuseBadSchedule(retry)
  return { batch: { max, lingerMs }, retry, conflict: options.conflict ?? 'manual' }
}

/** A wait that is no number would never become due, so no schedule gets by with one. */
function refuseBadSchedule(schedule: RetrySchedule): void {
  const attempts = attemptsMaxOf(schedule)
  if (!Number.isInteger(attempts) || attempts < 1) {
    throw new SyncError('invalid-definition', `A retry schedule makes 1 or more attempts; got ${attempts}.`)
  }
  const waits = schedule.kind === 'fixed' ? schedule.delaysMs : [schedule.baseMs, schedule.capMs]
  for (const waitMs of waits) {
    if (!Number.isFinite(waitMs) || waitMs < 0) {
      throw new SyncError('invalid-definition', `A wait is 0 or more milliseconds; got ${waitMs}.`)
    }
  }
  if (schedule.kind === 'fixed') return
  const { factor, jitter } = schedule
  if (!Number.isFinite(factor) || factor < 1) {
    throw new SyncError('invalid-definition', `The factor of a schedule is 1 or more; got ${factor}.`)
  }
  if (!(jitter >= 0 && jitter <= 1)) {
    throw new SyncError('invalid-definition', `The jitter of a schedule is a fraction from 0 to 1; got ${jitter}.`)
  }
}
