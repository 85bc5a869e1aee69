/**
 * The service of reading jobs, for one company at a time: whoever has it sees and moves that company's jobs alone, by the
 * query's scope and by row-level security, each enough by itself. The jobs table holds all there is to know; nothing is
 * kept here.
 */
import { operationIdFrom, operationIdRandomBytes, SyncError, type JobState } from '@holdfast/core'
import {
  openJobs,
  restFailureOf,
  wireOperationOf,
  workNow,
  type Database,
  type Job,
  type JobBudget,
  type JobHandler,
  type Jobs,
  type JobSpending,
  type JobStanding,
  type SyncServer,
} from '@holdfast/server'
import { readJobType, requestReading, type ReadingRequest } from '../operations.ts'
import { ocrJobOf, type OcrAct, type OcrHold, type OcrJob, type OcrJobStatus, type OcrQueueStatus } from './ocr-job.ts'

/** What the service is made of. */
export interface OcrJobsOptions {
  readonly database: Database
  readonly sync: Pick<SyncServer, 'apply'>
  /** How jobs are read, for {@link OcrJobService.processJob}; absent: processing is off in this process. */
  readonly handler?: JobHandler
  /** The server's clock, ms since 1970; default `Date.now`. */
  readonly nowMs?: () => number
}

/** What a job is made of. */
export type CreateJobParams = Omit<ReadingRequest, 'id' | 'mediaAssetId'> & { readonly mediaAssetId: string }

/** What a company has spent on readings, by currency, and what it may spend. Days and months are those of UTC. */
export interface OcrCosts {
  readonly today: readonly JobSpending[]
  readonly month: readonly JobSpending[]
  readonly budget?: NonNullable<JobStanding['budget']>
}

/** The service for one company, in one person's name. */
export interface OcrJobService {
  /**
   * Makes a paper with its job, queued.
   *
   * @throws SyncError `invalid-payload` when the parameters are refused
   */
  readonly createJob: (params: CreateJobParams) => Promise<OcrJob>
  /** One attempt at a queued job, now. */
  readonly processJob: (jobId: string) => Promise<OcrAct>
  /** Queues failed jobs again, up to 100, with all their attempts; returns how many. */
  readonly retryFailed: () => Promise<number>
  /** Cancels jobs that were unfinished for a day; returns how many. */
  readonly cancelStale: () => Promise<number>
  readonly getQueueStatus: () => Promise<OcrQueueStatus>
  readonly find: (jobId: string) => Promise<OcrJob | undefined>
  /** A page of jobs, newest first, of one state if wished. */
  readonly findByStatus: (
    status: OcrJobStatus | undefined,
    page?: { readonly limit?: number; readonly before?: string },
  ) => Promise<readonly OcrJob[]>
  /** A person cancels a job that has not ended. */
  readonly cancel: (jobId: string) => Promise<OcrAct>
  /** A person asks once more for a job that has ended. */
  readonly readAgain: (jobId: string) => Promise<OcrAct>
  readonly costs: () => Promise<OcrCosts>
  /** Sets what the company may spend; `null`: without limit. Jobs beyond it wait, and do not grow stale. */
  readonly setBudget: (budget: JobBudget | null) => Promise<void>
}

const pageDefault = 50

/** Opens the service for a person of a company. Neither is taken from anything that a client says. */
export function ocrJobsOf(
  options: OcrJobsOptions,
  { tenant, user }: { readonly tenant: string; readonly user: string },
): OcrJobService {
  const { database, sync, handler, nowMs = Date.now } = options
  const jobs = openJobs(database, nowMs)
  const find = async (id: string): Promise<OcrJob | undefined> => {
    const [job] = await jobs.read(tenant, [id])
    return job?.type === readJobType ? ocrJobOf(job) : undefined
  }
  const act = async (id: string, does: Jobs['cancel'], what: string): Promise<OcrAct> => {
    // Looked at first: the jobs of other packs have ids as well.
    if ((await find(id)) === undefined) return { kind: 'not-found' }
    const transition = await does(tenant, id)
    return transition?.kind === 'refused' ? refusedFrom(transition.from, what) : done(await find(id))
  }
  const holdOf = async (): Promise<OcrHold | undefined> => {
    const { isOn, isOverBudget } = await jobs.standing(tenant, readJobType)
    if (!isOn || handler === undefined) return 'switched-off'
    return isOverBudget ? 'over-budget' : undefined
  }
  return {
    createJob: async (params) => {
      const id = operationIdFrom(nowMs(), crypto.getRandomValues(new Uint8Array(operationIdRandomBytes)))
      const payload = { id, ...params }
      const wire = wireOperationOf(requestReading, payload, payload, { id })
      const [outcome] = await sync.apply({ tenant, user, device: 'server' }, [wire])
      const failure = outcome === undefined ? undefined : restFailureOf(outcome)
      const job = failure === undefined ? await find(id) : undefined
      if (job !== undefined) return job
      throw new SyncError('invalid-payload', failure?.problem.detail ?? 'The job was not made. Try again.')
    },
    processJob: async (id) => {
      if ((await find(id)) === undefined) return { kind: 'not-found' }
      if (handler === undefined) return { kind: 'held', hold: 'switched-off' }
      const worked = await workNow({ database, handler, nowMs }, tenant, id)
      if (worked?.kind === 'refused') return refusedFrom(worked.from, 'started')
      if (worked?.kind === 'held') return { kind: 'held', hold: (await holdOf()) ?? 'over-budget' }
      return worked?.kind === 'worked' ? done(ocrJobOf(worked.job)) : refusedFrom('queued', 'started before its time')
    },
    retryFailed: () => jobs.retryFailed(tenant, readJobType),
    cancelStale: () => jobs.cancelStale(tenant, readJobType, handler?.staleAfterMs),
    getQueueStatus: async () => {
      const [counts, held] = [await jobs.count(tenant, readJobType), await holdOf()]
      return { ...counts, ...(held !== undefined && { held }) }
    },
    find,
    findByStatus: async (kind, { limit = pageDefault, before } = {}) => {
      const page = { limit, type: readJobType, ...(before !== undefined && { before }) }
      return readable(await jobs.list(tenant, { ...page, ...(kind !== undefined && { kind }) }))
    },
    cancel: (id) => act(id, jobs.cancel, 'cancelled'),
    readAgain: (id) => act(id, jobs.again, 'read again'),
    costs: async () => {
      const now = new Date(nowMs())
      const day = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate())
      const month = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1)
      const { budget } = await jobs.standing(tenant, readJobType)
      return {
        today: await jobs.spent(tenant, { fromMs: day, type: readJobType }),
        month: await jobs.spent(tenant, { fromMs: month, type: readJobType }),
        ...(budget !== undefined && { budget }),
      }
    },
    setBudget: (budget) => jobs.setBudget(tenant, readJobType, budget),
  }
}

function readable(jobs: readonly Job[]): readonly OcrJob[] {
  return jobs.flatMap((job) => ocrJobOf(job) ?? [])
}

function done(job: OcrJob | undefined): OcrAct {
  return job === undefined ? { kind: 'not-found' } : { kind: 'done', job }
}

function refusedFrom(from: JobState['kind'], what: string): OcrAct {
  return { kind: 'refused', from, detail: `A job that is ${from} cannot be ${what}.` }
}
