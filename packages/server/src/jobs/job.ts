/**
 * A job as the server keeps it: what is to be done, for whom, and its state. A row is read here and nowhere else.
 *
 * Jobs are asked for by a decision, `applied(state, { jobs: [...] })`, and stored in the transaction that applies the
 * operation: there is never one without the other.
 */
import { isRecord, retryAfterMaxMs, type Json, type JobState, type Priority } from '@holdfast/core'
import type { Row } from '../database/database.ts'
import { ServerError } from '../error.ts'

/** Work that an operation asks for. */
export interface JobRequest {
  readonly type: string
  /** What the work needs to know. */
  readonly payload: Json
  /** Among the tenant's own jobs; default medium. */
  readonly priority?: Priority
  /** Not before so many ms have passed; default 0. */
  readonly delayMs?: number
}

/** A request with the place it takes: the job of the operation `operation`. */
export interface JobToStore extends JobRequest {
  readonly id: string
  readonly operation: string
}

/** A job. */
export interface Job {
  /** The id of the operation that asked for it; of its second job and later ones, with `~1`, `~2` behind. */
  readonly id: string
  readonly operation: string
  /** Who made that operation. */
  readonly user: string
  readonly type: string
  readonly priority: Priority
  readonly payload: Json
  /** Grows with each change; the feed carries it. */
  readonly version: number
  readonly state: JobState
  /** What the last completed round came to. */
  readonly result?: Json
  readonly enqueuedAtMs: number
  /** When the latest attempt began. */
  readonly startedAtMs?: number
}

/** The kind under which the feed says that a job has changed. */
export const jobKind = 'holdfast.job'

/** SQL that is true for a job (its `type` in scope) that the feed tells of: not for the server's own, such as webhooks. */
export const isToldSql = `not starts_with(type, 'holdfast.')`

/** Most jobs that one operation may ask for: more are a list to be worked at in one job. */
export const jobsPerOperationMax = 20

/** The id of an operation's n-th job, from 0. No operation has such an id itself. */
function jobIdOf(operation: string, place: number): string {
  return place === 0 ? operation : `${operation}~${place}`
}

/** True for jobs that can be stored. Code that knows no types can make others. */
export function areJobRequests(requests: readonly JobRequest[]): boolean {
  return (
    requests.length <= jobsPerOperationMax &&
    requests.every(
      ({ type, priority = 'medium', delayMs = 0 }) =>
        typeof type === 'string' &&
        type !== '' &&
        Object.hasOwn(priorityNumbers, priority) &&
        delayMs >= 0 &&
        delayMs <= retryAfterMaxMs,
    )
  )
}

/** Gives the jobs that an operation asks for their ids. */
export function jobsToStore(operation: string, requests: readonly JobRequest[] = []): readonly JobToStore[] {
  return requests.map((request, place) => ({ ...request, operation, id: jobIdOf(operation, place) }))
}

/** The number of a priority, as stored: the smaller goes first. */
export const priorityNumbers: Readonly<Record<Priority, number>> = { high: 0, medium: 1, low: 2 }

/** Columns of a job (table alias `j`), for {@link parseJob}. */
export const jobColumns = `
j.id, j.operation, j.user_id, j.type, j.priority::integer as priority, j.payload, j.version, j.kind, j.attempt, j.failures,
j.since_clock_ms::float8 as since_clock_ms, (extract(epoch from j.wake_at) * 1000)::float8 as wake_at_ms, j.worker,
j.failure, j.cause, j.result, (extract(epoch from j.enqueued_at) * 1000)::float8 as enqueued_at_ms,
(extract(epoch from j.started_at) * 1000)::float8 as started_at_ms,
(extract(epoch from j.ended_at) * 1000)::float8 as ended_at_ms`

/**
 * SQL of what the feed says of a job (table alias `j`): `{ type, status, operation, attempts, result?, failure?, cause? }`.
 * Its payload stays here: that may hold what only the worker needs.
 */
export const jobStateSql = `jsonb_strip_nulls(jsonb_build_object('type', j.type, 'status', j.kind, 'operation', j.operation,
  'attempts', j.attempt, 'failure', j.failure, 'cause', j.cause))
  || case when j.kind = 'completed' and j.result is not null then jsonb_build_object('result', j.result) else '{}'::jsonb end`

/**
 * Reads a row with {@link jobColumns}.
 *
 * @throws ServerError `corrupt-row`
 */
export function parseJob(row: Row): Job {
  const result = row['result']
  return {
    id: text(row, 'id'),
    operation: text(row, 'operation'),
    user: text(row, 'user_id'),
    type: text(row, 'type'),
    priority: (['high', 'medium', 'low'] as const)[number(row, 'priority')] ?? 'medium',
    payload: json(row['payload']),
    version: number(row, 'version'),
    state: parseState(row),
    ...(result !== null && { result: json(result) }),
    enqueuedAtMs: number(row, 'enqueued_at_ms'),
    ...(row['started_at_ms'] !== null && { startedAtMs: number(row, 'started_at_ms') }),
  }
}

function parseState(row: Row): JobState {
  const progress = {
    attempt: number(row, 'attempt'),
    failures: number(row, 'failures'),
    sinceClockMs: number(row, 'since_clock_ms'),
  }
  switch (row['kind']) {
    case 'queued': {
      const notBeforeMs = number(row, 'wake_at_ms')
      const failure = row['failure'] === null ? {} : { failure: parseFailure(row) }
      return { kind: 'queued', ...progress, notBeforeMs, ...failure }
    }
    case 'processing': {
      const lease = { startedAtMs: number(row, 'started_at_ms'), leaseUntilMs: number(row, 'wake_at_ms') }
      return { kind: 'processing', ...progress, worker: text(row, 'worker'), ...lease }
    }
    case 'completed':
      return { kind: 'completed', ...progress, endedAtMs: number(row, 'ended_at_ms') }
    case 'failed':
      return { kind: 'failed', ...progress, endedAtMs: number(row, 'ended_at_ms'), failure: parseFailure(row) }
    case 'cancelled': {
      const cause = row['cause'] === 'stale' ? 'stale' : 'person'
      return { kind: 'cancelled', ...progress, endedAtMs: number(row, 'ended_at_ms'), cause }
    }
    default:
      throw corrupt('kind')
  }
}

function parseFailure(row: Row): { readonly code: string; readonly detail: string } {
  const { failure } = row
  if (!isRecord(failure) || typeof failure['code'] !== 'string' || typeof failure['detail'] !== 'string') {
    throw corrupt('failure')
  }
  return { code: failure['code'], detail: failure['detail'] }
}

function text(row: Row, column: string): string {
  const value = row[column]
  if (typeof value !== 'string') throw corrupt(column)
  return value
}

function number(row: Row, column: string): number {
  const value = row[column]
  if (typeof value !== 'number') throw corrupt(column)
  return value
}

/** What comes out of a jsonb column is JSON: PostgreSQL has checked it, so only its outermost level is looked at. */
function json(value: unknown): Json {
  if (isStoredJson(value)) return value
  throw corrupt('payload or result')
}

/** True for what can come out of a jsonb column, by its outermost level. */
export function isStoredJson(value: unknown): value is Json {
  return value !== undefined && typeof value !== 'function' && typeof value !== 'symbol' && typeof value !== 'bigint'
}

function corrupt(column: string): ServerError {
  return new ServerError('corrupt-row', `A job has no ${column} that this release can read.`)
}
