/**
 * The queue as workers use it: find tenants with something due, claim, renew, settle.
 *
 * Each call is one transaction of one tenant. Rows that another worker has locked are skipped, so any number of workers
 * can claim at once, and what a worker says counts only while it holds the lease: see core's `advanceJob`.
 */
import type { JobEvent, JobHolder, JobTransition, Json } from '@holdfast/core'
import type { Database } from '../database/database.ts'
import {
  lockedJobColumns,
  lockJob,
  parseLockedJob,
  transitionOf,
  writeJobs,
  type JobChange,
  type JobRules,
  type LockedJob,
} from './change-jobs.ts'
import { typesWithinBudget, writeCost, type JobCost } from './costs.ts'
import type { Job } from './job.ts'

/** What working at jobs needs. */
export interface QueueDependencies {
  readonly database: Database
  /** The rules of each type that is worked at. */
  readonly rules: ReadonlyMap<string, JobRules>
  readonly nowMs: () => number
}

/** An attempt of a tenant's job. */
export interface HeldJob extends JobHolder {
  readonly tenant: string
  readonly id: string
  readonly type: string
}

const tenantsSql = `
select found.tenant from holdfast.tenants_with_jobs(
  array(select json_array_elements_text($1::text::json)), $2::text::timestamptz, $3, $4::integer) as found`

/** Names up to `most` tenants after `after` that have a job of these types due, or one whose worker is gone. */
export async function tenantsWithJobs(
  { database, nowMs }: QueueDependencies,
  types: readonly string[],
  after: string,
  most: number,
): Promise<readonly string[]> {
  const at = new Date(nowMs()).toISOString()
  const rows = await database.query('holdfast-tenants-with-jobs', tenantsSql, [JSON.stringify(types), at, after, most])
  return rows.flatMap(({ tenant }) => (typeof tenant === 'string' ? [tenant] : []))
}

// Uses the index of due jobs, and that of what to look at; both name the tenant first.
const dueSql = `
select ${lockedJobColumns} from holdfast.jobs j
where j.tenant = $1 and j.kind = 'queued' and j.wake_at <= $2::text::timestamptz
  and j.type in (select json_array_elements_text($3::text::json))
order by j.priority, j.wake_at, j.id limit $4::integer for update of j skip locked`

const lostSql = `
select ${lockedJobColumns} from holdfast.jobs j
where j.tenant = $1 and j.wake_at <= $2::text::timestamptz and j.kind = 'processing'
  and j.type in (select json_array_elements_text($3::text::json))
order by j.wake_at, j.id limit $4::integer for update of j skip locked`

// Only what waits: what is being worked at is looked at whenever its lease is renewed.
const staleSql = `
select ${lockedJobColumns} from holdfast.jobs j
where j.tenant = $1 and j.wake_at <= $2::text::timestamptz and j.kind = 'queued'
  and j.type in (select json_array_elements_text($3::text::json))
order by j.wake_at, j.id limit $4::integer for update of j skip locked`

/** Most jobs that are looked at in one transaction. */
export const lookMax = 100

/** Takes up to `most` of a tenant's due jobs for a worker, the most urgent first. */
export async function claimJobs(
  { database, rules, nowMs }: QueueDependencies,
  tenant: string,
  claim: {
    readonly worker: string
    readonly types: readonly string[]
    readonly most: number
    readonly leaseMs: number
  },
): Promise<readonly Job[]> {
  const { worker, leaseMs, most } = claim
  return database.tx(tenant, async ({ query }) => {
    const now = nowMs()
    const types = await typesWithinBudget(query, tenant, claim.types, now)
    if (types.length === 0) return []
    const at = new Date(now).toISOString()
    const rows = await query('holdfast-due-jobs', dueSql, [tenant, at, JSON.stringify(types), most])
    const changes = changesOf(rows.map(parseLockedJob), { kind: 'start', worker, leaseMs }, rules, now)
    await writeJobs(query, tenant, now, changes)
    return changes.map(({ job, state }) => ({ ...job, state }))
  })
}

/** What asking for one job came to. */
export type JobClaim =
  | { readonly kind: 'claimed'; readonly job: Job }
  /** Its type is switched off, or a budget holds it. */
  | { readonly kind: 'held' }
  | Extract<JobTransition, { kind: 'ignored' | 'fenced' | 'refused' }>

/** Takes one job for a worker, out of its turn. `undefined`: the tenant has no such job of a type that is worked at. */
export async function claimJob(
  { database, rules, nowMs }: QueueDependencies,
  tenant: string,
  id: string,
  { worker, leaseMs }: { readonly worker: string; readonly leaseMs: number },
): Promise<JobClaim | undefined> {
  return database.tx(tenant, async ({ query }) => {
    const now = nowMs()
    const job = await lockJob(query, tenant, id)
    const own = job === undefined ? undefined : rules.get(job.type)
    if (job === undefined || own === undefined) return undefined
    const transition = transitionOf(job, { kind: 'start', worker, leaseMs }, own, now)
    if (transition.kind !== 'changed') return transition
    if ((await typesWithinBudget(query, tenant, [job.type], now)).length === 0) return { kind: 'held' }
    await writeJobs(query, tenant, now, [{ job, state: transition.state }])
    return { kind: 'claimed', job: { ...job, state: transition.state } }
  })
}

/** What looking at a tenant's jobs came to. */
export interface LookedAt {
  /** Jobs whose worker was gone. */
  readonly lost: number
  /** Jobs that were unfinished for too long. */
  readonly stale: number
}

/** Takes jobs from workers that are gone, and cancels those that were unfinished for too long. */
export async function lookAtJobs(
  { database, rules, nowMs }: QueueDependencies,
  tenant: string,
  types: readonly string[],
): Promise<LookedAt> {
  return database.tx(tenant, async ({ query }) => {
    const now = nowMs()
    const params = [tenant, new Date(now).toISOString(), JSON.stringify(types), lookMax]
    const lost = (await query('holdfast-lost-jobs', lostSql, params)).map(parseLockedJob)
    const expired = changesOf(lost, { kind: 'expire' }, rules, now)
    await writeJobs(query, tenant, now, expired)
    const waiting = (await query('holdfast-stale-jobs', staleSql, params)).map(parseLockedJob)
    const cancelled = changesOf(waiting, { kind: 'stale' }, rules, now)
    await writeJobs(query, tenant, now, cancelled)
    return { lost: expired.length, stale: cancelled.length }
  })
}

const renewSql = `
update holdfast.jobs j set wake_at = $3::text::timestamptz where j.tenant = $1 and j.id = $2`

/** Renews a lease; false when the worker does not hold the job any more, or must not: stop working at it. */
export async function renewJob(
  { database, rules, nowMs }: QueueDependencies,
  held: HeldJob,
  leaseMs: number,
): Promise<boolean> {
  return database.tx(held.tenant, async ({ query }) => {
    const now = nowMs()
    const job = await lockJob(query, held.tenant, held.id)
    const own = rules.get(held.type)
    if (job === undefined || own === undefined) return false
    const stale = transitionOf(job, { kind: 'stale' }, own, now)
    if (stale.kind === 'changed') {
      await writeJobs(query, held.tenant, now, [{ job, state: stale.state }])
      return false
    }
    const renewed = transitionOf(job, { kind: 'renew', leaseMs, ...holderOf(held) }, own, now)
    if (renewed.kind !== 'changed' || renewed.state.kind !== 'processing') return false
    // Nobody but the workers sees a lease: no new version, nothing in the feed.
    const until = new Date(renewed.state.leaseUntilMs).toISOString()
    await query('holdfast-renew-job', renewSql, [held.tenant, held.id, until])
    return true
  })
}

/** What a worker says at the end of an attempt. */
export type JobEnd =
  | { readonly kind: 'complete'; readonly result?: Json }
  | Omit<Extract<JobEvent, { kind: 'fail' }>, keyof JobHolder>
  | { readonly kind: 'release' }

/**
 * Ends an attempt, and writes what it cost, in one transaction. False when the worker did not hold the job any more:
 * then only the cost is written, because it was incurred. To say it again changes nothing.
 */
export async function settleJob(
  { database, rules, nowMs }: QueueDependencies,
  held: HeldJob,
  end: JobEnd,
  cost?: JobCost,
): Promise<boolean> {
  const { tenant, id, type, attempt } = held
  return database.tx(tenant, async ({ query }) => {
    const now = nowMs()
    const job = await lockJob(query, tenant, id)
    const own = rules.get(type)
    if (job === undefined || own === undefined) return false
    if (cost !== undefined) await writeCost(query, tenant, { job: id, type, attempt }, cost, now)
    const transition = transitionOf(job, { ...eventOf(end), ...holderOf(held) }, own, now)
    if (transition.kind !== 'changed') return false
    const result = end.kind === 'complete' ? { result: end.result ?? null } : {}
    await writeJobs(query, tenant, now, [{ job, state: transition.state, ...result }])
    return true
  })
}

/** Applies an event to locked jobs, each by the rules of its type; those that it changes come back. */
function changesOf(
  jobs: readonly LockedJob[],
  event: JobEvent,
  rules: ReadonlyMap<string, JobRules>,
  nowMs: number,
): readonly JobChange[] {
  return jobs.flatMap((job) => {
    const own = rules.get(job.type)
    if (own === undefined) return []
    const transition = transitionOf(job, event, own, nowMs)
    return transition.kind === 'changed' ? [{ job, state: transition.state }] : []
  })
}

function holderOf({ worker, attempt }: HeldJob): JobHolder {
  return { worker, attempt }
}

type OwnEvent<Event> = Event extends JobHolder ? Omit<Event, keyof JobHolder> : never

function eventOf(end: JobEnd): OwnEvent<Extract<JobEvent, { kind: 'complete' | 'fail' | 'release' }>> {
  switch (end.kind) {
    case 'complete':
      return { kind: 'complete' }
    case 'fail':
      return { kind: 'fail', failure: end.failure, isFinal: end.isFinal }
    case 'release':
      return { kind: 'release' }
  }
}
