/**
 * Job handlers: how a type of job is worked at.
 *
 * The work may be done more than once (a worker dies, a lease runs out), so whatever it does outside must be keyed by
 * the job's id. What it does to tenants' data goes through operations with ids made from the job's, which the ledger
 * applies once.
 */
import { jobSchedule, jobStaleAfterMs, type JobFailure, type Json, type RetrySchedule } from '@holdfast/core'
import type { JobCost } from './costs.ts'

/** An attempt, as the work sees it. Plain data: it can be sent to another process. */
export interface JobAttempt {
  readonly tenant: string
  readonly id: string
  readonly operation: string
  readonly user: string
  readonly type: string
  readonly payload: Json
  /** Its number, over all rounds. */
  readonly attempt: number
}

/** What the work came to. */
export interface JobDone {
  readonly result?: Json
  readonly cost?: JobCost
}

/** The circumstances of an attempt. */
export interface JobCircumstances {
  /** Aborted when the deadline has passed, the job was cancelled or taken away, or the worker shuts down. */
  readonly signal: AbortSignal
  /** How long this attempt may take, ms. */
  readonly deadlineMs: number
}

/** Does the work of one attempt; rejects when it fails, best with a {@link JobError}. */
export type JobWork = (attempt: JobAttempt, circumstances: JobCircumstances) => Promise<JobDone>

/** How a type of job is worked at. */
export interface JobHandler {
  readonly type: string
  readonly work: JobWork
  /** When to try again; default after 1, 5 and 15 s. */
  readonly schedule: RetrySchedule
  /** How long one attempt may take, ms; default 2 min. */
  readonly deadlineMs: number
  /** How long a job may stay unfinished, on the working clock, ms; default a day. */
  readonly staleAfterMs: number
}

const deadlineMsDefault = 120_000

/**
 * Says how a type of job is worked at.
 *
 * @example
 * onJob('thumbnail', async ({ payload }, { signal }) => ({ result: await makeThumbnail(payload, signal) }))
 */
export function onJob(
  type: string,
  work: JobWork,
  options: Partial<Omit<JobHandler, 'type' | 'work'>> = {},
): JobHandler {
  return {
    type,
    work,
    schedule: jobSchedule,
    deadlineMs: deadlineMsDefault,
    staleAfterMs: jobStaleAfterMs,
    ...options,
  }
}

/** A failure of the work: with a code, a sentence for people, and what it has cost. */
export class JobError extends Error {
  override readonly name = 'JobError'
  /** What is kept with the job. */
  readonly failure: JobFailure
  /** True when another attempt could not end otherwise: a file that cannot be read stays so. */
  readonly isFinal: boolean
  readonly cost: JobCost | undefined

  constructor(
    code: string,
    detail: string,
    options: { readonly isFinal?: boolean; readonly cost?: JobCost; readonly cause?: unknown } = {},
  ) {
    super(detail, { cause: options.cause })
    this.failure = { code, detail }
    this.isFinal = options.isFinal ?? false
    this.cost = options.cost
  }
}
