/**
 * Sees one attempt through: runs the work under a deadline, renews the lease meanwhile, and settles.
 *
 * The work's signal is aborted when the deadline has passed, when the lease is lost (the job was cancelled, or another
 * worker has it) and when the worker gives its jobs back. Work that does not end then is left to itself: in this process
 * nothing can stop it, in one of its own (see job-process.ts) it is killed.
 */
import { isJson } from '@holdfast/core'
import { setTimeout as wait } from 'node:timers/promises'
import { isOutage } from '../database/sql-state.ts'
import { describeError, type Log } from '../log.ts'
import { isJobCost, type JobCost } from './costs.ts'
import type { Job } from './job.ts'
import { JobError, type JobDone, type JobHandler } from './job-handler.ts'
import { renewJob, settleJob, type HeldJob, type JobEnd, type QueueDependencies } from './queue.ts'

/** What seeing an attempt through needs. */
export interface AttemptDependencies {
  readonly queue: QueueDependencies
  readonly log: Log
  readonly worker: string
  readonly leaseMs: number
  /** Aborted when the worker gives its jobs back. */
  readonly stopping: AbortSignal
}

/** How long work may take to end after its signal, ms. */
const endsWithinMs = 1_000

/** Tries to write an end while the database is in trouble, and the wait between them. After that the lease runs out. */
const settlingsMax = 10
const settleAgainMs = 1_000

/** How an attempt ends, and what it cost. */
interface Ending {
  readonly end: JobEnd
  readonly cost?: JobCost
}

/** Runs one attempt to its end; never rejects. */
export async function runAttempt(
  dependencies: AttemptDependencies,
  handler: JobHandler,
  tenant: string,
  job: Job,
): Promise<void> {
  const { queue, log, worker, leaseMs, stopping } = dependencies
  const held: HeldJob = { tenant, id: job.id, type: job.type, worker, attempt: job.state.attempt }
  const lost = new AbortController()
  const heart = setInterval(() => {
    renewJob(queue, held, leaseMs).then(
      (isHeld) => isHeld || lost.abort(),
      // The lease may be lost by then; the settling will tell.
      (error: unknown) => noteTrouble(log, 'The lease of a job was not renewed.', error),
    )
  }, leaseMs / 3)
  try {
    const ending = await endingOf(dependencies, handler, held, job, AbortSignal.any([lost.signal, stopping]))
    await settle(dependencies, held, ending)
  } catch (error) {
    noteTrouble(log, 'The end of an attempt was not written; the job is tried again when its lease has run out.', error)
  } finally {
    clearInterval(heart)
  }
}

async function endingOf(
  { log, stopping }: AttemptDependencies,
  handler: JobHandler,
  { tenant, attempt }: HeldJob,
  { id, operation, user, type, payload }: Job,
  interrupted: AbortSignal,
): Promise<Ending> {
  const { deadlineMs } = handler
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), deadlineMs)
  const signal = AbortSignal.any([interrupted, late.signal])
  try {
    // An async function, so that work which throws at once rejects as well.
    const work = (async () =>
      handler.work({ tenant, id, operation, user, type, payload, attempt }, { signal, deadlineMs }))()
    const done = await Promise.race([work, rejectedAfter(signal)])
    return endingOfDone(done)
  } catch (error) {
    const cost = error instanceof JobError ? error.cost : undefined
    const withCost = cost !== undefined && isJobCost(cost) ? { cost } : {}
    if (stopping.aborted) return { end: { kind: 'release' }, ...withCost }
    if (late.signal.aborted) return { end: { kind: 'fail', failure: tookTooLong, isFinal: false }, ...withCost }
    if (error instanceof JobError) {
      return { end: { kind: 'fail', failure: error.failure, isFinal: error.isFinal }, ...withCost }
    }
    noteTrouble(log, `The work at a job of type ${type} failed.`, error)
    return { end: { kind: 'fail', failure: workFailed, isFinal: false } }
  } finally {
    clearTimeout(timer)
  }
}

const tookTooLong = { code: 'timeout', detail: 'It took too long.' }
const workFailed = { code: 'internal', detail: 'The work failed.' }
const badResult = { code: 'invalid-result', detail: 'The work came to something that cannot be kept.' }

function endingOfDone({ result, cost }: JobDone): Ending {
  const withCost = cost === undefined || !isJobCost(cost) ? {} : { cost }
  if ((result !== undefined && !isJson(result)) || (cost !== undefined && !isJobCost(cost))) {
    return { end: { kind: 'fail', failure: badResult, isFinal: true }, ...withCost }
  }
  return { end: { kind: 'complete', ...(result !== undefined && { result }) }, ...withCost }
}

/** Rejects some time after the signal, for work that does not heed it. */
async function rejectedAfter(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  await wait(endsWithinMs)
  throw new JobError('timeout', 'The work did not end when it was told to.')
}

async function settle({ queue }: AttemptDependencies, held: HeldJob, { end, cost }: Ending): Promise<void> {
  for (let round = 1; ; round += 1) {
    try {
      await settleJob(queue, held, end, cost)
      return
    } catch (error) {
      if (!isOutage(error) || round >= settlingsMax) throw error
      await wait(settleAgainMs)
    }
  }
}

function noteTrouble(log: Log, message: string, error: unknown): void {
  log({ level: 'error', event: 'job-trouble', message, error: describeError(error) })
}
