/** The statement that stores the jobs of a batch, in the transaction that applies it. */
import type { Query } from '../database/database.ts'
import { feedSql } from '../feed.ts'
import { workingClockSql } from './working-clock.ts'
import { isToldSql, jobKind, priorityNumbers, type JobToStore } from './job.ts'

const storeSql = `
with inserted as (
  insert into holdfast.jobs (tenant, id, operation, user_id, type, priority, payload, kind, version, attempt, failures,
    since_clock_ms, wake_at, enqueued_at)
  select $1, w.id, w.operation, $3, w.type, w.priority, coalesce(w.payload, 'null'::jsonb), 'queued', 1, 0, 0,
    ${workingClockSql('w.type')}, $2::text::timestamptz + w.delay_ms * interval '1 millisecond', $2::text::timestamptz
  from json_to_recordset($4::text::json)
    as w (id text, operation text, type text, priority smallint, payload jsonb, delay_ms float8)
  returning id, type
),
changes as (select '${jobKind}' as kind, id, 1 as version, false as deleted from inserted where ${isToldSql}),
${feedSql}
select (select count(*)::integer from inserted) as inserted, (select count(*)::integer from fed) as fed`

/** Stores jobs, queued. `at` is the instant as text. */
export async function storeJobs(
  query: Query,
  owner: { readonly tenant: string; readonly user: string },
  at: string,
  jobs: readonly JobToStore[],
): Promise<void> {
  if (jobs.length === 0) return
  const rows = jobs.map(({ id, operation, type, payload, priority = 'medium', delayMs = 0 }) => ({
    id,
    operation,
    type,
    priority: priorityNumbers[priority],
    payload,
    delay_ms: delayMs,
  }))
  await query('holdfast-store-jobs', storeSql, [owner.tenant, at, owner.user, JSON.stringify(rows)])
}
