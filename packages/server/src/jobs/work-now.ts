/**
 * One job, now: taken out of its turn and seen through to the end of one attempt, by whoever calls. The rules are those
 * of every worker: a lease, a deadline, the switch and the budget.
 */
import type { Database } from '../database/database.ts'
import type { Log } from '../log.ts'
import { openJobs } from './acts.ts'
import type { Job } from './job.ts'
import type { JobHandler } from './job-handler.ts'
import { claimJob, type JobClaim, type QueueDependencies } from './queue.ts'
import { runAttempt } from './run-attempt.ts'
import { tickClocks } from './working-clock.ts'

/** What working at one job needs. */
export interface WorkNowOptions {
  readonly database: Database
  readonly handler: JobHandler
  readonly log?: Log
  /** ms since 1970; default `Date.now`. */
  readonly nowMs?: () => number
}

/** What it came to: the job after the attempt, or why there was none. */
export type WorkedNow = { readonly kind: 'worked'; readonly job: Job } | Exclude<JobClaim, { readonly kind: 'claimed' }>

const leaseMs = 30_000

/** Works once at a tenant's job. `undefined`: there is no such job of the handler's type. */
export async function workNow(
  { database, handler, log = () => undefined, nowMs = Date.now }: WorkNowOptions,
  tenant: string,
  id: string,
): Promise<WorkedNow | undefined> {
  const { read } = openJobs(database, nowMs)
  const worker = crypto.randomUUID()
  const queue: QueueDependencies = { database, rules: new Map([[handler.type, handler]]), nowMs }
  const isOn = (await tickClocks(database, [handler.type], nowMs())).includes(handler.type)
  if (!isOn) return (await read(tenant, [id]))[0]?.type === handler.type ? { kind: 'held' } : undefined
  const claim = await claimJob(queue, tenant, id, { worker, leaseMs })
  if (claim?.kind !== 'claimed') return claim
  const stopping = new AbortController().signal
  await runAttempt({ queue, log, worker, leaseMs, stopping }, handler, tenant, claim.job)
  const [job = claim.job] = await read(tenant, [id])
  return { kind: 'worked', job }
}
