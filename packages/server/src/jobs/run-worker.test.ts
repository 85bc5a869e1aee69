import { setTimeout as wait } from 'node:timers/promises'
import { fixed } from '@holdfast/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../database/database.ts'
import { testDatabases, openTimeoutMs } from '../database/test-databases.fixture.ts'
import type { LogEntry } from '../log.ts'
import { JobError, onJob, type JobHandler, type JobWork } from './job-handler.ts'
import type { Job } from './job.ts'
import { runWorker, type WorkerOptions } from './run-worker.ts'
import { jobType, openWorking, type Working } from './working.fixture.ts'

const cost = (amountMicros: number) => ({ amountMicros, currency: 'EUR', priceList: '2026-01' })

describe.each(testDatabases)('a worker on $name', (kind) => {
  let working: Working
  beforeAll(async () => {
    working = await openWorking(kind)
  }, openTimeoutMs)
  afterAll(() => working.close())

  const workAt = (work: JobWork, more: Partial<WorkerOptions> = {}, rules: Partial<JobHandler> = {}) => {
    const handlers = [onJob(jobType, work, { schedule: fixed(1, 1, 1), ...rules })]
    return runWorker({ database: working.database, handlers, pollMs: 5, nowMs: working.nowMs, ...more })
  }
  /** Turns the clock on and looks, until the job is in a state like that. */
  const until = async (tenant: string, id: string, state: Job['state']['kind']): Promise<Job> => {
    for (;;) {
      const job = await working.job(tenant, id)
      if (job?.state.kind === state) return job
      await working.pass(1, false)
      await wait(2)
    }
  }

  test('F066 R032 many workers see all jobs of all tenants through, each once, the attempts side by side', async () => {
    const seen: string[] = []
    const tenants = ['t-1', 't-2', 't-3']
    for (const tenant of tenants) for (const id of ['a', 'b', 'c', 'd']) await working.ask(tenant, id)
    const work: JobWork = async ({ tenant, id }) => {
      seen.push(`${tenant}/${id}`)
      await wait(1)
      return { result: id, cost: cost(1) }
    }
    const workers = [1, 2, 3].map(() => workAt(work, { attemptsMax: 2 }))
    for (const tenant of tenants) {
      for (const id of ['a', 'b', 'c', 'd']) expect(await until(tenant, id, 'completed')).toMatchObject({ result: id })
      expect(await working.jobs.spent(tenant, { fromMs: 0 })).toMatchObject([{ amountMicros: 4, attempts: 4 }])
    }
    await Promise.all(workers.map((worker) => worker.stop()))
    expect(seen.toSorted()).toEqual(tenants.flatMap((tenant) => ['a', 'b', 'c', 'd'].map((id) => `${tenant}/${id}`)))
  })

  test('R024 F067 work that throws, hangs or comes to nonsense fails its job; what failed has cost too; the worker goes on', async () => {
    const log: LogEntry[] = []
    const work: JobWork = async ({ id }, { signal }) => {
      if (id === 'throws') throw new TypeError('a bug')
      if (id === 'refuses') throw new JobError('unreadable', 'It cannot be read.', { isFinal: true, cost: cost(3) })
      if (id === 'hangs') await new Promise((resolve) => signal.addEventListener('abort', resolve))
      if (id === 'hangs') throw new JobError('aborted', 'It was told to end.')
      if (id === 'nonsense') return { cost: { amountMicros: 0.5, currency: 'euro', priceList: '' } }
      return {}
    }
    const ids = ['throws', 'refuses', 'hangs', 'nonsense', 'works']
    for (const id of ids) await working.ask('f', id)
    const worker = workAt(work, { attemptsMax: 5, log: (entry) => void log.push(entry) }, { deadlineMs: 10 })
    await until('f', 'works', 'completed')
    const failures = []
    for (const id of ids.slice(0, 4)) {
      const { state } = await until('f', id, 'failed')
      failures.push([state.attempt, state.kind === 'failed' && state.failure.code])
    }
    await worker.stop()
    expect(failures).toEqual([
      [4, 'internal'],
      [1, 'unreadable'],
      [4, 'timeout'],
      [1, 'invalid-result'],
    ])
    expect(await working.jobs.spent('f', { fromMs: 0 })).toMatchObject([{ amountMicros: 3, attempts: 1 }])
    expect(log.map(({ event }) => event)).toEqual(Array(4).fill('job-trouble'))
  })

  test('F067 work that does not heed its signal is left to itself, and its slot is free again', async () => {
    for (const id of ['deaf', 'works']) await working.ask('g', id)
    const worker = workAt(
      ({ id }) => (id === 'deaf' ? new Promise(() => undefined) : Promise.resolve({})),
      {},
      {
        deadlineMs: 1,
        schedule: fixed(),
      },
    )
    const { state } = await until('g', 'deaf', 'failed')
    expect(state).toMatchObject({ failure: { code: 'timeout' } })
    await until('g', 'works', 'completed')
    await worker.stop()
  })

  test('F068 a job that is cancelled while it is worked at is told so, and what it comes to is not believed', async () => {
    await working.ask('c', 'a')
    let begun = (): void => undefined
    const hasBegun = new Promise<void>((resolve) => (begun = resolve))
    let ended = (): void => undefined
    const hasEnded = new Promise<void>((resolve) => (ended = resolve))
    const worker = workAt(
      async (_job, { signal }) => {
        begun()
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        ended()
        return { result: 'too late' }
      },
      { leaseMs: 30 },
    )
    await hasBegun
    await working.jobs.cancel('c', 'a')
    await hasEnded
    await worker.stop()
    const job = await working.job('c', 'a')
    expect(job).toMatchObject({ state: { kind: 'cancelled', cause: 'person' } })
    expect(job?.result).toBeUndefined()
  })

  test('a worker that stops waits for what it is at, then gives back what is left without using an attempt', async () => {
    for (const id of ['quick', 'slow']) await working.ask('s', id)
    const begun = new Set<string>()
    const worker = workAt(
      async ({ id }, { signal }) => {
        begun.add(id)
        await (id === 'quick' ? wait(20) : new Promise((resolve) => signal.addEventListener('abort', resolve)))
        if (id === 'slow') throw new Error('interrupted')
        return {}
      },
      { attemptsMax: 2 },
    )
    while (begun.size < 2) await wait(2)
    await worker.stop(200)
    expect(await working.job('s', 'quick')).toMatchObject({ state: { kind: 'completed' } })
    expect(await working.job('s', 'slow')).toMatchObject({ state: { kind: 'queued', failures: 0 } })
  })

  test('F060 a database in trouble is waited out: the end of an attempt is written when it is back', async () => {
    await working.ask('o', 'a')
    let isDown = false
    let refused = 0
    const database: Database = {
      ...working.database,
      tx: (tenant, run) => {
        if (!isDown) return working.database.tx(tenant, run)
        refused += 1
        if (refused > 1) isDown = false
        return Promise.reject(new Error('connection lost'))
      },
    }
    const worker = workAt(
      () => {
        isDown = true
        return Promise.resolve({ result: 'kept' })
      },
      { database },
    )
    expect(await until('o', 'a', 'completed')).toMatchObject({ result: 'kept', state: { attempt: 1 } })
    await worker.stop()
  })

  test('a worker with two handlers for one type, or numbers that make no sense, does not start', () => {
    const { database } = working
    const handler = onJob(jobType, () => Promise.resolve({}))
    const invalid: unknown = expect.objectContaining({ code: 'invalid-definition' })
    expect(() => runWorker({ database, handlers: [handler, handler] })).toThrow(invalid)
    expect(() => runWorker({ database, handlers: [handler], attemptsMax: 0 })).toThrow(invalid)
    expect(() => runWorker({ database, handlers: [handler], leaseMs: Number.NaN })).toThrow(invalid)
  })
})
