/** What people and operators do with jobs: look, count, cancel, ask for one once more, set budgets and switches. */
import { jobSchedule, jobStaleAfterMs, type JobEvent, type JobState, type JobTransition } from '@holdfast/core'
import type { Database } from '../database/database.ts'
import { lockedJobColumns, lockJob, parseLockedJob, transitionOf, writeJobs, type JobRules } from './change-jobs.ts'
import { readStanding, writeBudget, type JobBudget, type JobStanding } from './costs.ts'
import { jobColumns, parseJob, type Job } from './job.ts'
import { lookAtJobs, lookMax } from './queue.ts'
import { switchJobs } from './working-clock.ts'

/** How many jobs of a tenant are in which state. */
export interface JobCounts {
  readonly queued: number
  readonly processing: number
  readonly failed: number
  /** Completed within the last 24 hours. */
  readonly completed24h: number
}

/** What a tenant has spent, by currency. */
export interface JobSpending {
  readonly currency: string
  readonly amountMicros: number
  readonly attempts: number
}

/** Jobs of all tenants, each behind its tenant's wall. */
export interface Jobs {
  /** Reads jobs by id; those that do not exist are left out. */
  readonly read: (tenant: string, ids: readonly string[]) => Promise<readonly Job[]>
  /** A page of a tenant's jobs, by descending id, of one type or state if wished. `limit` is clamped to 1 to 200. */
  readonly list: (
    tenant: string,
    page: {
      readonly limit: number
      readonly before?: string
      readonly type?: string
      readonly kind?: JobState['kind']
    },
  ) => Promise<readonly Job[]>
  readonly count: (tenant: string, type?: string) => Promise<JobCounts>
  /** A person cancels a job that has not ended. `undefined`: there is no such job. */
  readonly cancel: (tenant: string, id: string) => Promise<JobTransition | undefined>
  /** A person asks once more for a job that has ended, with all its attempts. `undefined`: there is no such job. */
  readonly again: (tenant: string, id: string) => Promise<JobTransition | undefined>
  /** Asks once more for failed jobs of a type, up to 100, and returns how many. */
  readonly retryFailed: (tenant: string, type: string) => Promise<number>
  /** Cancels jobs of a type that were unfinished for too long, as every worker does now and then, and returns how many. */
  readonly cancelStale: (tenant: string, type: string, staleAfterMs?: number) => Promise<number>
  /** Whether a tenant's jobs of a type are worked at, or why they wait. */
  readonly standing: (tenant: string, type: string) => Promise<JobStanding>
  /** What was spent on jobs, of one type if wished, since an instant (ms since 1970). */
  readonly spent: (
    tenant: string,
    since: { readonly fromMs: number; readonly type?: string },
  ) => Promise<readonly JobSpending[]>
  /** Sets what a tenant may spend on a type of job; `null`: without limit. Jobs beyond it wait, and do not grow stale. */
  readonly setBudget: (tenant: string, type: string, budget: JobBudget | null) => Promise<void>
  /** Switches a type of job off or on, for all tenants. While it is off its jobs wait, and do not grow stale. */
  readonly setSwitch: (type: string, isOn: boolean) => Promise<void>
}

const pageMax = 200
const dayMs = 86_400_000

// Uses the primary key.
const readSql = `
select ${jobColumns} from json_array_elements_text($2::text::json) as wanted (id)
join holdfast.jobs j on j.tenant = $1 and j.id = wanted.id`

const listSql = `
select ${jobColumns} from holdfast.jobs j
where j.tenant = $1 and ($2::text is null or j.id < $2::text) and ($3::text is null or j.type = $3::text)
  and ($4::text is null or j.kind = $4::text)
order by j.id desc limit $5::integer`

// Uses the index by kind.
const countSql = `
select j.kind, count(*)::integer as number from holdfast.jobs j
where j.tenant = $1 and ($2::text is null or j.type = $2::text)
  and (j.kind in ('queued', 'processing', 'failed') or (j.kind = 'completed' and j.ended_at > $3::text::timestamptz))
group by j.kind`

const failedSql = `
select ${lockedJobColumns} from holdfast.jobs j
where j.tenant = $1 and j.kind = 'failed' and j.type = $2
order by j.ended_at limit 100 for update of j skip locked`

const spentSql = `
select c.currency, sum(c.amount_micros)::float8 as amount_micros, count(*)::integer as attempts from holdfast.job_costs c
where c.tenant = $1 and c.at >= $2::text::timestamptz and ($3::text is null or c.type = $3::text)
group by c.currency order by c.currency`

/** "Again" and "cancel" ask no rule of the type. */
const anyRules: JobRules = { schedule: jobSchedule, staleAfterMs: jobStaleAfterMs }

/** Opens the jobs of a database. */
export function openJobs(database: Database, nowMs: () => number = Date.now): Jobs {
  const act = (tenant: string, id: string, event: JobEvent): Promise<JobTransition | undefined> =>
    database.tx(tenant, async ({ query }) => {
      const job = await lockJob(query, tenant, id)
      if (job === undefined) return undefined
      const now = nowMs()
      const transition = transitionOf(job, event, anyRules, now)
      if (transition.kind === 'changed') await writeJobs(query, tenant, now, [{ job, state: transition.state }])
      return transition
    })
  return {
    read: (tenant, ids) =>
      database.tx(tenant, async ({ query }) =>
        (await query('holdfast-read-jobs', readSql, [tenant, JSON.stringify(ids)])).map(parseJob),
      ),
    list: (tenant, { limit, before = null, type = null, kind = null }) =>
      database.tx(tenant, async ({ query }) => {
        const most = Math.min(Math.max(Math.trunc(limit), 1), pageMax)
        return (await query('holdfast-list-jobs', listSql, [tenant, before, type, kind, most])).map(parseJob)
      }),
    count: (tenant, type) => countJobs(database, tenant, type ?? null, nowMs() - dayMs),
    cancel: (tenant, id) => act(tenant, id, { kind: 'cancel' }),
    again: (tenant, id) => act(tenant, id, { kind: 'again' }),
    retryFailed: (tenant, type) =>
      database.tx(tenant, async ({ query }) => {
        const now = nowMs()
        const jobs = (await query('holdfast-failed-jobs', failedSql, [tenant, type])).map(parseLockedJob)
        const changes = jobs.flatMap((job) => {
          const transition = transitionOf(job, { kind: 'again' }, anyRules, now)
          return transition.kind === 'changed' ? [{ job, state: transition.state }] : []
        })
        await writeJobs(query, tenant, now, changes)
        return changes.length
      }),
    cancelStale: async (tenant, type, staleAfterMs = jobStaleAfterMs) => {
      const rules = new Map([[type, { schedule: jobSchedule, staleAfterMs }]])
      let cancelled = 0
      for (;;) {
        const { stale } = await lookAtJobs({ database, rules, nowMs }, tenant, [type])
        cancelled += stale
        if (stale < lookMax) return cancelled
      }
    },
    standing: (tenant, type) => database.tx(tenant, ({ query }) => readStanding(query, tenant, type, nowMs())),
    spent: (tenant, { fromMs, type = null }) =>
      database.tx(tenant, async ({ query }) => {
        const rows = await query('holdfast-job-spending', spentSql, [tenant, new Date(fromMs).toISOString(), type])
        return rows.map(({ currency, amount_micros: amountMicros, attempts }) => ({
          currency: String(currency),
          amountMicros: Number(amountMicros),
          attempts: Number(attempts),
        }))
      }),
    setBudget: (tenant, type, budget) => database.tx(tenant, ({ query }) => writeBudget(query, tenant, type, budget)),
    setSwitch: (type, isOn) => switchJobs(database, type, isOn, nowMs()),
  }
}

async function countJobs(database: Database, tenant: string, type: string | null, sinceMs: number): Promise<JobCounts> {
  const since = new Date(sinceMs).toISOString()
  const rows = await database.tx(tenant, ({ query }) => query('holdfast-count-jobs', countSql, [tenant, type, since]))
  const of = (kind: JobState['kind']): number => {
    const found = rows.find((row) => row['kind'] === kind)?.['number']
    return typeof found === 'number' ? found : 0
  }
  return { queued: of('queued'), processing: of('processing'), failed: of('failed'), completed24h: of('completed') }
}
