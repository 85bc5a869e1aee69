/**
 * Changing jobs: rows are locked and read, core's rules decide, one statement writes. Everything that ever happens to a
 * job goes through here.
 */
import {
  advanceJob,
  type JobEvent,
  type Json,
  type JobState,
  type JobTransition,
  type RetrySchedule,
} from '@holdfast/core'
import type { Query, Row } from '../database/database.ts'
import { feedSql } from '../feed.ts'
import { isToldSql, jobColumns, jobKind, parseJob, type Job } from './job.ts'
import { workingClockSql } from './working-clock.ts'

/** What the rules need to know of a type of job. */
export interface JobRules {
  readonly schedule: RetrySchedule
  readonly staleAfterMs: number
}

/** A job whose row is locked, with the working clock as it is for it. */
export interface LockedJob extends Job {
  readonly clockMs: number
}

/** A change of one job. */
export interface JobChange {
  readonly job: LockedJob
  readonly state: JobState
  readonly result?: Json
}

/** Columns of a locked job; `$1` is the tenant. */
export const lockedJobColumns: string = `${jobColumns}, ${workingClockSql('j.type')}::float8 as clock_ms`

/** Reads a row with {@link lockedJobColumns}. */
export function parseLockedJob(row: Row): LockedJob {
  return { ...parseJob(row), clockMs: typeof row['clock_ms'] === 'number' ? row['clock_ms'] : 0 }
}

const lockSql = `
select ${lockedJobColumns} from holdfast.jobs j where j.tenant = $1 and j.id = $2 for update of j`

/** Locks a job by its id. */
export async function lockJob(query: Query, tenant: string, id: string): Promise<LockedJob | undefined> {
  const [row] = await query('holdfast-lock-job', lockSql, [tenant, id])
  return row === undefined ? undefined : parseLockedJob(row)
}

/** What an event makes of a locked job. */
export function transitionOf(job: LockedJob, event: JobEvent, rules: JobRules, nowMs: number): JobTransition {
  return advanceJob(job.state, event, { nowMs, clockMs: job.clockMs, random: Math.random(), ...rules })
}

// Uses the primary key of jobs.
const writeSql = `
with changed as (
  select * from json_to_recordset($3::text::json) as c (id text, kind text, attempt integer, failures integer,
    since_clock_ms bigint, wake_at timestamptz, worker text, failure jsonb, cause text, result jsonb,
    started_at timestamptz, ended_at timestamptz, has_result boolean)
),
updated as (
  update holdfast.jobs j set version = j.version + 1, kind = c.kind, attempt = c.attempt, failures = c.failures,
    since_clock_ms = c.since_clock_ms, wake_at = c.wake_at, worker = c.worker, failure = c.failure, cause = c.cause,
    result = case when c.has_result then coalesce(c.result, 'null'::jsonb) else j.result end,
    started_at = coalesce(c.started_at, j.started_at), ended_at = c.ended_at
  from changed c where j.tenant = $1 and j.id = c.id
  returning j.id, j.type, j.version
),
changes as (select '${jobKind}' as kind, id, version, false as deleted from updated where ${isToldSql}),
${feedSql}
select (select count(*)::integer from updated) as updated, (select count(*)::integer from fed) as fed`

/** Writes changes of locked jobs, and the tenant's feed with them. */
export async function writeJobs(
  query: Query,
  tenant: string,
  nowMs: number,
  changes: readonly JobChange[],
): Promise<void> {
  if (changes.length === 0) return
  const rows = changes.map(({ job, state, result }) => ({
    id: job.id,
    kind: state.kind,
    attempt: state.attempt,
    failures: state.failures,
    since_clock_ms: Math.round(state.sinceClockMs),
    wake_at: instant(wakeAtOf(state)),
    worker: state.kind === 'processing' ? state.worker : null,
    failure: 'failure' in state ? (state.failure ?? null) : null,
    cause: state.kind === 'cancelled' ? state.cause : null,
    result: result ?? null,
    has_result: result !== undefined,
    started_at: instant(state.kind === 'processing' ? state.startedAtMs : undefined),
    ended_at: instant('endedAtMs' in state ? state.endedAtMs : undefined),
  }))
  await query('holdfast-write-jobs', writeSql, [tenant, new Date(nowMs).toISOString(), JSON.stringify(rows)])
}

/** When somebody has to look at a job again. */
function wakeAtOf(state: JobState): number | undefined {
  switch (state.kind) {
    case 'queued':
      return state.notBeforeMs
    case 'processing':
      return state.leaseUntilMs
    case 'completed':
    case 'failed':
    case 'cancelled':
      return undefined
  }
}

function instant(atMs: number | undefined): string | null {
  return atMs === undefined ? null : new Date(atMs).toISOString()
}
