/**
 * Jobs: the life of one piece of server work, as a pure state machine.
 *
 *              start                  complete
 *   queued ───────────▶ processing ──────────────▶ completed ──┐
 *     ▲  ▲                  │ │ │                              │
 *     │  └── release, fail, ┘ │ └── fail, expire: attempts ──▶ failed ──┤ again:
 *     │      expire: tries    │     used up, or for good                │ a new round
 *     │      left             │                                         │
 *     │                       └──── stale, cancel ──▶ cancelled ────────┤
 *     ├──── stale, cancel ───────────────────────────▶                  │
 *     └─────────────────────────────────────────────────────────────────┘
 *
 * Who works at a job holds a lease under (worker, attempt). The attempt's number only grows, over all rounds, so what a
 * worker says after it has lost its lease is told apart from what the next one says: it is `fenced` and changes nothing.
 *
 * A job that is unfinished for a day is cancelled. That day is counted on a clock that stands still while nobody could
 * have worked at it (processing is off, no worker runs, a budget holds it); see {@link JobContext.clockMs}.
 */
import { fixed, retryDelayMs, type FixedSchedule, type RetrySchedule } from './backoff.ts'

/** What every state of a job carries. */
export interface JobProgress {
  /** Attempts begun so far, over all rounds; the fencing number of the latest. */
  readonly attempt: number
  /** Attempts that failed in this round. */
  readonly failures: number
  /** The working clock's time when this round began, ms. */
  readonly sinceClockMs: number
}

/** Waits for a worker. */
export interface JobQueued extends JobProgress {
  readonly kind: 'queued'
  readonly notBeforeMs: number
  /** What the last attempt failed at. */
  readonly failure?: JobFailure
}

/** A worker is at it. */
export interface JobProcessing extends JobProgress {
  readonly kind: 'processing'
  readonly worker: string
  readonly startedAtMs: number
  /** Unless the lease is renewed before, the worker is taken for dead then. */
  readonly leaseUntilMs: number
}

/** Done. */
export interface JobCompleted extends JobProgress {
  readonly kind: 'completed'
  readonly endedAtMs: number
}

/** Given up: the attempts are used up, or a failure was for good. */
export interface JobFailed extends JobProgress {
  readonly kind: 'failed'
  readonly endedAtMs: number
  readonly failure: JobFailure
}

/** Will not be worked at, unless a person says "again". */
export interface JobCancelled extends JobProgress {
  readonly kind: 'cancelled'
  readonly endedAtMs: number
  readonly cause: 'person' | 'stale'
}

/** The state of a job. */
export type JobState = JobQueued | JobProcessing | JobCompleted | JobFailed | JobCancelled

/** Why an attempt failed. */
export interface JobFailure {
  /** Stable and machine-readable, such as `timeout`. */
  readonly code: string
  /** A sentence for people; without data. */
  readonly detail: string
}

/** Who holds a lease. */
export interface JobHolder {
  readonly worker: string
  readonly attempt: number
}

/** What can happen to a job. */
export type JobEvent =
  /** A worker takes it. */
  | { readonly kind: 'start'; readonly worker: string; readonly leaseMs: number }
  /** Its worker is alive. */
  | ({ readonly kind: 'renew'; readonly leaseMs: number } & JobHolder)
  /** Its worker gives it back untouched, because it shuts down; no attempt is used. */
  | ({ readonly kind: 'release' } & JobHolder)
  | ({ readonly kind: 'complete' } & JobHolder)
  /** `isFinal`: another attempt could not end otherwise. */
  | ({ readonly kind: 'fail'; readonly failure: JobFailure; readonly isFinal: boolean } & JobHolder)
  /** Somebody looks whether the lease has run out. */
  | { readonly kind: 'expire' }
  /** Somebody looks whether it has been unfinished for too long. */
  | { readonly kind: 'stale' }
  /** A person cancels it. */
  | { readonly kind: 'cancel' }
  /** A person asks for it once more. */
  | { readonly kind: 'again' }

/** What a transition needs from outside. */
export interface JobContext {
  readonly nowMs: number
  /** The working clock: it goes on only while jobs of this type and tenant can be worked at, ms. */
  readonly clockMs: number
  /** In [0, 1), for jitter. */
  readonly random: number
  readonly schedule: RetrySchedule
  /** How long a job may stay unfinished, by the working clock, ms. */
  readonly staleAfterMs: number
}

/** Waits after a failed attempt where a type of job says nothing: 1, 5 and 15 s; the fourth failure is the last. */
export const jobSchedule: FixedSchedule = fixed(1000, 5000, 15_000)

/** How long a job may stay unfinished where its type says nothing: a day. */
export const jobStaleAfterMs = 86_400_000

/**
 * Where an event can lead: to a state; `ignored`, when it is not time for it or makes no difference; `fenced`, when it
 * comes from a worker that does not hold the job; `refused`, when it makes no sense in this state.
 */
export type JobExpectation = JobState['kind'] | 'ignored' | 'fenced' | 'refused'

/** The whole machine. The compiler proves that no cell is missing. */
export const jobTable: Readonly<
  Record<JobState['kind'], Readonly<Record<JobEvent['kind'], readonly JobExpectation[]>>>
> = {
  queued: {
    start: ['processing', 'ignored'],
    renew: ['fenced'],
    release: ['fenced'],
    complete: ['fenced'],
    fail: ['fenced'],
    expire: ['ignored'],
    stale: ['cancelled', 'ignored'],
    cancel: ['cancelled'],
    again: ['refused'],
  },
  processing: {
    start: ['refused'],
    renew: ['processing', 'fenced'],
    release: ['queued', 'fenced'],
    complete: ['completed', 'fenced'],
    fail: ['queued', 'failed', 'fenced'],
    expire: ['queued', 'failed', 'ignored'],
    stale: ['cancelled', 'ignored'],
    cancel: ['cancelled'],
    again: ['refused'],
  },
  completed: {
    start: ['refused'],
    renew: ['fenced'],
    release: ['fenced'],
    complete: ['fenced'],
    fail: ['fenced'],
    expire: ['ignored'],
    stale: ['ignored'],
    cancel: ['refused'],
    again: ['queued'],
  },
  failed: {
    start: ['refused'],
    renew: ['fenced'],
    release: ['fenced'],
    complete: ['fenced'],
    fail: ['fenced'],
    expire: ['ignored'],
    stale: ['ignored'],
    cancel: ['refused'],
    again: ['queued'],
  },
  cancelled: {
    start: ['refused'],
    renew: ['fenced'],
    release: ['fenced'],
    complete: ['fenced'],
    fail: ['fenced'],
    expire: ['ignored'],
    stale: ['ignored'],
    cancel: ['ignored'],
    again: ['queued'],
  },
}

/** What a transition came to. */
export type JobTransition =
  | { readonly kind: 'changed'; readonly state: JobState }
  | { readonly kind: 'ignored' }
  | { readonly kind: 'fenced' }
  /** The transition by name, for the message. */
  | { readonly kind: 'refused'; readonly from: JobState['kind']; readonly event: JobEvent['kind'] }

/** A job that nobody has worked at yet. */
export function newJob({ nowMs, clockMs }: Pick<JobContext, 'nowMs' | 'clockMs'>, delayMs = 0): JobQueued {
  return { kind: 'queued', attempt: 0, failures: 0, sinceClockMs: clockMs, notBeforeMs: nowMs + delayMs }
}

/** The state after an event, as {@link jobTable} promises. */
export function advanceJob(state: JobState, event: JobEvent, context: JobContext): JobTransition {
  switch (event.kind) {
    case 'start':
    case 'cancel':
    case 'again':
      return afterAct(state, event, context)
    case 'expire':
    case 'stale':
      return afterLook(state, event.kind, context)
    case 'renew':
    case 'release':
    case 'complete':
    case 'fail':
      return afterNews(state, event, context)
  }
}

/** True when no worker will take the job by itself any more. */
export function isJobEnded(state: JobState): state is JobCompleted | JobFailed | JobCancelled {
  return state.kind === 'completed' || state.kind === 'failed' || state.kind === 'cancelled'
}

function afterAct(
  state: JobState,
  event: Extract<JobEvent, { kind: 'start' | 'cancel' | 'again' }>,
  context: JobContext,
): JobTransition {
  const { nowMs, clockMs } = context
  const { attempt, failures, sinceClockMs } = state
  if (event.kind === 'start' && state.kind === 'queued') {
    if (state.notBeforeMs > nowMs) return { kind: 'ignored' }
    const { worker, leaseMs } = event
    const leaseUntilMs = nowMs + leaseMs
    const begun = { attempt: attempt + 1, failures, sinceClockMs }
    return changed({ kind: 'processing', ...begun, worker, startedAtMs: nowMs, leaseUntilMs })
  }
  if (event.kind === 'cancel' && !isJobEnded(state)) return changed(cancelled(state, 'person', nowMs))
  if (event.kind === 'cancel' && state.kind === 'cancelled') return { kind: 'ignored' }
  if (event.kind === 'again' && isJobEnded(state)) {
    return changed({ kind: 'queued', attempt, failures: 0, sinceClockMs: clockMs, notBeforeMs: nowMs })
  }
  return { kind: 'refused', from: state.kind, event: event.kind }
}

function afterLook(state: JobState, look: 'expire' | 'stale', context: JobContext): JobTransition {
  const { nowMs, clockMs, staleAfterMs } = context
  if (isJobEnded(state)) return { kind: 'ignored' }
  if (look === 'stale') {
    if (clockMs - state.sinceClockMs < staleAfterMs) return { kind: 'ignored' }
    return changed(cancelled(state, 'stale', nowMs))
  }
  if (state.kind === 'queued' || state.leaseUntilMs > nowMs) return { kind: 'ignored' }
  return changed(afterFailure(state, workerLost, context))
}

/** A worker that vanished counts: a job that brings its workers down must come to an end. */
const workerLost: JobFailure = { code: 'worker-lost', detail: 'The worker stopped in the middle.' }

function afterNews(
  state: JobState,
  event: Extract<JobEvent, { kind: 'renew' | 'release' | 'complete' | 'fail' }>,
  context: JobContext,
): JobTransition {
  const { nowMs } = context
  if (state.kind !== 'processing' || state.worker !== event.worker || state.attempt !== event.attempt) {
    return { kind: 'fenced' }
  }
  const { attempt, failures, sinceClockMs } = state
  switch (event.kind) {
    case 'renew':
      return changed({ ...state, leaseUntilMs: nowMs + event.leaseMs })
    case 'release':
      return changed({ kind: 'queued', attempt, failures, sinceClockMs, notBeforeMs: nowMs })
    case 'complete':
      return changed({ kind: 'completed', attempt, failures, sinceClockMs, endedAtMs: nowMs })
    case 'fail': {
      if (!event.isFinal) return changed(afterFailure(state, event.failure, context))
      const counted = { attempt, failures: failures + 1, sinceClockMs }
      return changed({ kind: 'failed', ...counted, endedAtMs: nowMs, failure: event.failure })
    }
  }
}

function afterFailure(state: JobProcessing, failure: JobFailure, context: JobContext): JobQueued | JobFailed {
  const { nowMs, schedule, random } = context
  const counted = { attempt: state.attempt, failures: state.failures + 1, sinceClockMs: state.sinceClockMs }
  const delayMs = retryDelayMs(schedule, counted.failures, random)
  return delayMs === undefined
    ? { kind: 'failed', ...counted, endedAtMs: nowMs, failure }
    : { kind: 'queued', ...counted, notBeforeMs: nowMs + delayMs, failure }
}

function cancelled(
  { attempt, failures, sinceClockMs }: JobProgress,
  cause: JobCancelled['cause'],
  endedAtMs: number,
): JobCancelled {
  return { kind: 'cancelled', attempt, failures, sinceClockMs, endedAtMs, cause }
}

function changed(state: JobState): JobTransition {
  return { kind: 'changed', state }
}
