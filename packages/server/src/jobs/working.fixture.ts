/** What the tests of jobs share: a database, operations that ask for jobs, a clock to turn, workers' views of the queue. */
import { isRecord, jobSchedule, jobStaleAfterMs, type OperationOutcome } from '@holdfast/core'
import type { Row } from '../database/database.ts'
import type { TestDatabase, TestDatabaseKind } from '../database/test-databases.fixture.ts'
import { applied, decide, on } from '../handler.ts'
import { createNote, noteOp } from '../notes.fixture.ts'
import { createSyncServer } from '../sync-server.ts'
import { openJobs, type Jobs } from './acts.ts'
import type { Job, JobRequest } from './job.ts'
import { claimJobs, type HeldJob, type QueueDependencies } from './queue.ts'
import { tickClocks } from './working-clock.ts'

/** The one type of job in these tests. */
export const jobType = 'count-words'
/** How long the tests' leases last, ms. */
export const leaseMs = 30_000

/** A server whose operations ask for jobs. */
export interface Working extends TestDatabase {
  readonly jobs: Jobs
  readonly queue: QueueDependencies
  /** Applies an operation that asks for these jobs (one of {@link jobType} by default); its id is the first job's. */
  readonly ask: (tenant: string, id: string, jobs?: readonly JobRequest[]) => Promise<readonly OperationOutcome[]>
  readonly claim: (tenant: string, worker: string, most?: number) => Promise<readonly Job[]>
  readonly job: (tenant: string, id: string) => Promise<Job | undefined>
  readonly rows: (tenant: string, table: string, order: string) => Promise<readonly Row[]>
  /** Turns the clock on; `isWorking`: while a worker ticks. */
  readonly pass: (ms: number, isWorking?: boolean) => Promise<void>
  readonly nowMs: () => number
}

/** What a worker that ticks all the time comes to. */
const passSql = `
update holdfast.job_types set ticked_at = $3::text::timestamptz,
  clock_ms = clock_ms + case when is_on then $2::float8::bigint else 0 end
where type = $1`

/** Opens a database with a server whose notes ask for jobs. */
export async function openWorking({ open }: TestDatabaseKind): Promise<Working> {
  const opened = await open()
  const { database } = opened
  let now = Date.parse('2026-01-05T08:00:00Z')
  const nowMs = (): number => now
  const wanted = new Map<string, readonly JobRequest[]>()
  const handler = on(
    createNote,
    decide(({ id, payload }, _entity, { tenant }) =>
      applied({ id: payload.id }, { jobs: wanted.get(`${tenant}/${id}`) ?? [{ type: jobType, payload: id }] }),
    ),
  )
  const sync = createSyncServer({ database, handlers: [handler], authenticate: () => null, nowMs })
  const rules = new Map([[jobType, { schedule: jobSchedule, staleAfterMs: jobStaleAfterMs }]])
  const queue: QueueDependencies = { database, rules, nowMs }
  const jobs = openJobs(database, nowMs)
  await tickClocks(database, [jobType], now)
  return {
    ...opened,
    jobs,
    queue,
    ask: async (tenant, id, requests) => {
      if (requests !== undefined) wanted.set(`${tenant}/${id}`, requests)
      return sync.apply({ tenant, user: 'ana', device: 'phone' }, [noteOp(id, createNote, { id })])
    },
    claim: (tenant, worker, most = 1) => claimJobs(queue, tenant, { worker, types: [jobType], most, leaseMs }),
    job: async (tenant, id) => (await jobs.read(tenant, [id]))[0],
    rows: (tenant, table, order) =>
      database.tx(tenant, ({ query }) =>
        query(`all-${table}-${order}`, `select t.* from holdfast.${table} t order by ${order}`, []),
      ),
    pass: async (ms, isWorking = true) => {
      now += ms
      if (isWorking) await database.query('pass', passSql, [jobType, ms, new Date(now).toISOString()])
    },
    nowMs,
  }
}

/** A claimed job as its worker knows it. */
export function heldOf(tenant: string, job: Job | undefined): HeldJob {
  if (job === undefined || job.state.kind !== 'processing') throw new TypeError('expected a claimed job')
  const { worker, attempt } = job.state
  return { tenant, id: job.id, type: job.type, worker, attempt }
}

/** What the feed says of jobs: id and version. */
export function jobsInFeed(rows: readonly Row[]): readonly string[] {
  return rows.flatMap((row) =>
    isRecord(row) && row['kind'] === 'holdfast.job' ? [`${String(row['id'])}@${String(row['version'])}`] : [],
  )
}
