/**
 * A worker: the loop that takes due jobs of all tenants and sees each attempt through. Any number may run, in a server's
 * process or in their own.
 *
 *   tick clocks ─▶ look for lost and stale jobs ─▶ claim, tenant by tenant ─▶ start attempts
 *        ▲                                                                        │
 *        └──────── a slot is free again, or it is time to look again ◀────────────┘
 *
 * Tenants are served in turn, however much one of them has waiting; within a tenant the most urgent job goes first.
 * A trouble of the database is waited out. Nothing that a job does ends the worker.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { Database } from '../database/database.ts'
import { isOutage } from '../database/sql-state.ts'
import { ServerError } from '../error.ts'
import { describeError, type Log } from '../log.ts'
import type { Job } from './job.ts'
import type { JobHandler } from './job-handler.ts'
import { claimJobs, lookAtJobs, tenantsWithJobs, type QueueDependencies } from './queue.ts'
import { runAttempt } from './run-attempt.ts'
import { tickClocks } from './working-clock.ts'

/** What a worker is made of. */
export interface WorkerOptions {
  readonly database: Database
  /** What it works at. A type that no worker has a handler for waits, and does not grow stale. */
  readonly handlers: readonly JobHandler[]
  /** Its name among all workers; default a random one. */
  readonly worker?: string
  /** Attempts at once; default 1. */
  readonly attemptsMax?: number
  /** How often it looks when nothing is due, ms; default 1 s. */
  readonly pollMs?: number
  /** How long a lease lasts, ms; default 30 s. It is renewed three times within. */
  readonly leaseMs?: number
  /** How often it looks for jobs whose worker is gone and for stale ones, ms; default 5 s. */
  readonly lookEveryMs?: number
  readonly log?: Log
  /** The worker's clock, ms since 1970; default `Date.now`. Clocks of workers that differ cost work, never results. */
  readonly nowMs?: () => number
}

/** A running worker. */
export interface JobWorker extends AsyncDisposable {
  /** Its name among all workers. */
  readonly name: string
  /**
   * Takes no more jobs, waits up to `graceMs` (default 10 s) for those it is at, and gives back what is left, without
   * an attempt being used.
   */
  readonly stop: (graceMs?: number) => Promise<void>
}

const pollMsDefault = 1_000
const leaseMsDefault = 30_000
const graceMsDefault = 10_000

const lookEveryMsDefault = 5_000

/** How often the working clocks are moved on, and switches heard, ms. */
const tickEveryMs = 1_000

/** Tenants that are found in one statement. */
const tenantsMax = 100

/** How long a worker stands back when the database is in trouble, ms. */
const troubleWaitMs = 2_000

/**
 * Starts a worker.
 *
 * @throws ServerError `invalid-definition` when two handlers take one type, or a number makes no sense
 */
export function runWorker(options: WorkerOptions): JobWorker {
  const { database, handlers, log = () => undefined, nowMs = Date.now, attemptsMax = 1 } = options
  const { pollMs = pollMsDefault, leaseMs = leaseMsDefault, worker: name = crypto.randomUUID() } = options
  const { lookEveryMs = lookEveryMsDefault } = options
  const byType = new Map(handlers.map((handler) => [handler.type, handler]))
  if (byType.size < handlers.length) {
    throw new ServerError('invalid-definition', 'Two handlers take the same type of job; keep one.')
  }
  if (!(attemptsMax >= 1) || !(pollMs > 0) || !(leaseMs > 0)) {
    throw new ServerError('invalid-definition', 'A worker needs attemptsMax of 1 or more, pollMs and leaseMs above 0.')
  }
  const queue: QueueDependencies = { database, rules: byType, nowMs }
  const stopping = new AbortController()
  const givingBack = new AbortController()
  const running = new Set<Promise<void>>()
  let after = ''
  let lookAtMs = -Infinity
  let tickedAtMs = -Infinity
  let types: readonly string[] = []

  const start = (tenant: string, job: Job): void => {
    const handler = byType.get(job.type)
    if (handler === undefined) return
    const attempt = runAttempt({ queue, log, worker: name, leaseMs, stopping: givingBack.signal }, handler, tenant, job)
    running.add(attempt)
    void attempt.finally(() => running.delete(attempt))
  }

  const round = async (): Promise<boolean> => {
    if (nowMs() - tickedAtMs >= tickEveryMs) {
      tickedAtMs = nowMs()
      types = await tickClocks(database, [...byType.keys()], tickedAtMs)
    }
    if (types.length === 0) return false
    const isTimeToLook = nowMs() - lookAtMs >= lookEveryMs
    if (isTimeToLook) lookAtMs = nowMs()
    let tenants = await tenantsWithJobs(queue, types, after, tenantsMax)
    // At the end of the list it starts from the first again.
    if (tenants.length < tenantsMax && after !== '') {
      const first = await tenantsWithJobs(queue, types, '', tenantsMax)
      tenants = [...new Set([...tenants, ...first])]
    }
    let hasClaimed = false
    for (const tenant of tenants) {
      if (stopping.signal.aborted) break
      if (isTimeToLook) await lookAtJobs(queue, tenant, types)
      if (running.size >= attemptsMax) continue
      const jobs = await claimJobs(queue, tenant, { worker: name, types, most: attemptsMax - running.size, leaseMs })
      if (jobs.length > 0) after = tenant
      for (const job of jobs) start(tenant, job)
      hasClaimed ||= jobs.length > 0
    }
    return hasClaimed
  }

  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      let waitMs = pollMs
      try {
        const hasClaimed = await round()
        if (hasClaimed && running.size < attemptsMax) continue
      } catch (error) {
        const event = isOutage(error) ? 'worker-waits' : 'worker-failed'
        log({ level: 'error', event, message: 'A worker could not look for jobs.', error: describeError(error) })
        waitMs = troubleWaitMs
      }
      const pause = wait(waitMs, undefined, { signal: stopping.signal }).catch(() => undefined)
      await Promise.race([pause, ...running])
    }
  }

  const ended = loop()
  const stop = async (graceMs = graceMsDefault): Promise<void> => {
    stopping.abort()
    await ended
    const grace = new AbortController()
    const all = Promise.all(running).then(() => undefined)
    await Promise.race([all, wait(graceMs, undefined, { signal: grace.signal }).catch(() => undefined)])
    grace.abort()
    givingBack.abort()
    await all
  }
  return { name, stop, [Symbol.asyncDispose]: () => stop() }
}
