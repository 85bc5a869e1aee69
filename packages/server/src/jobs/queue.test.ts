import { jobStaleAfterMs } from '@holdfast/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTimeoutMs, testDatabases } from '../database/test-databases.fixture.ts'
import { readChanges } from '../feed/read-feed.ts'
import { onJob } from './job-handler.ts'
import { lookAtJobs, renewJob, settleJob, tenantsWithJobs } from './queue.ts'
import { workNow } from './work-now.ts'
import { tickClocks, tickGapMaxMs } from './working-clock.ts'
import { heldOf, jobsInFeed, jobType, leaseMs, openWorking, type Working } from './working.fixture.ts'

const failure = { code: 'unreadable', detail: 'It could not be read.' }
const cost = (amountMicros: number) => ({ amountMicros, currency: 'EUR', priceList: '2026-01' })
const fails = { kind: 'fail', failure, isFinal: false } as const

describe.each(testDatabases)('jobs on $name', (kind) => {
  let working: Working
  beforeAll(async () => {
    working = await openWorking(kind)
  }, openTimeoutMs)
  afterAll(() => working.close())
  const look = (tenant: string) => lookAtJobs(working.queue, tenant, [jobType])
  const settle: (
    ...args: [...Parameters<typeof settleJob>] extends [unknown, ...infer Rest] ? Rest : never
  ) => Promise<boolean> = (...args) => settleJob(working.queue, ...args)

  test('R022 R031 an applied operation has its job, queued, in its own transaction; sent again it has no second one', async () => {
    await working.ask('asks', 'op-1', [
      { type: jobType, payload: { of: 'a.png' } },
      { type: jobType, payload: null, priority: 'high', delayMs: 500 },
    ])
    const [again] = await working.ask('asks', 'op-1')
    expect(again?.outcome).toBe('duplicate')
    expect(await working.jobs.read('asks', ['op-1', 'op-1~1', 'op-1~2'])).toMatchObject([
      { id: 'op-1', operation: 'op-1', user: 'ana', payload: { of: 'a.png' }, state: { kind: 'queued', attempt: 0 } },
      { id: 'op-1~1', priority: 'high', state: { notBeforeMs: working.nowMs() + 500 } },
    ])
    expect(jobsInFeed(await working.rows('asks', 'feed', 'seq'))).toEqual(['op-1@1', 'op-1~1@1'])
    expect((await working.rows('asks', 'feed', 'seq')).map(({ seq }) => Number(seq))).toEqual([1, 2, 3])
  })

  test('an operation that asks for what cannot be stored is deferred, and leaves neither state nor job', async () => {
    for (const [id, request] of [
      ['op-bad-1', { type: '', payload: 1 }],
      ['op-bad-2', { type: jobType, payload: 1, delayMs: -1 }],
    ] as const) {
      expect(await working.ask('bad', id, [request])).toMatchObject([{ outcome: 'deferred' }])
    }
    const many = Array.from({ length: 21 }, () => ({ type: jobType, payload: 1 }))
    expect(await working.ask('bad', 'op-bad-3', many)).toMatchObject([{ outcome: 'deferred' }])
    expect(await working.rows('bad', 'jobs', 'id')).toEqual([])
    expect(await working.rows('bad', 'entities', 'id')).toEqual([])
  })

  test('R023 R028 a claimed job is processing, then completed with its result; counts and feed follow', async () => {
    await working.ask('done', 'op-1')
    const [job] = await working.claim('done', 'w1')
    expect(await working.job('done', 'op-1')).toMatchObject({
      startedAtMs: working.nowMs(),
      state: { kind: 'processing', worker: 'w1', attempt: 1, leaseUntilMs: working.nowMs() + leaseMs },
    })
    expect(await working.jobs.count('done')).toEqual({ queued: 0, processing: 1, failed: 0, completed24h: 0 })
    expect(await settle(heldOf('done', job), { kind: 'complete', result: { words: 3 } }, cost(25))).toBe(true)
    expect(await working.job('done', 'op-1')).toMatchObject({ result: { words: 3 }, state: { kind: 'completed' } })
    expect(jobsInFeed(await working.rows('done', 'feed', 'seq'))).toEqual(['op-1@1', 'op-1@2', 'op-1@3'])
    expect(await working.jobs.count('done')).toEqual({ queued: 0, processing: 0, failed: 0, completed24h: 1 })
    await working.pass(25 * 3_600_000, false)
    expect(await working.jobs.count('done', jobType)).toMatchObject({ completed24h: 0 })
  })

  test('R024 R026 F069 a job fails after 1, 5 and 15 s more for good; each attempt has cost once, however often it is said', async () => {
    await working.ask('fails', 'op-1')
    const waits: number[] = []
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      const [job] = await working.claim('fails', 'w1')
      const held = heldOf('fails', job)
      expect(await settle(held, fails, cost(attempt))).toBe(true)
      expect(await settle(held, fails, cost(1000))).toBe(false)
      const state = (await working.job('fails', 'op-1'))?.state
      if (state?.kind !== 'queued') continue
      waits.push(state.notBeforeMs - working.nowMs())
      await working.pass(state.notBeforeMs - working.nowMs() - 1)
      expect(await working.claim('fails', 'w1')).toEqual([])
      await working.pass(1)
    }
    expect(waits).toEqual([1000, 5000, 15_000])
    expect(await working.job('fails', 'op-1')).toMatchObject({ state: { kind: 'failed', attempt: 4, failure } })
    const spent = await working.jobs.spent('fails', { fromMs: 0 })
    expect(spent).toEqual([{ currency: 'EUR', amountMicros: 10, attempts: 4 }])
  })

  test('F066 a lease runs out and another worker takes the job: the first one wakes up and changes nothing; costs stand once', async () => {
    await working.ask('lease', 'op-1')
    const first = heldOf('lease', (await working.claim('lease', 'w1'))[0])
    await working.pass(leaseMs - 1)
    expect(await look('lease')).toEqual({ lost: 0, stale: 0 })
    expect(await renewJob(working.queue, first, leaseMs)).toBe(true)
    await working.pass(leaseMs - 1)
    expect(await look('lease')).toEqual({ lost: 0, stale: 0 })
    await working.pass(1)
    expect(await look('lease')).toEqual({ lost: 1, stale: 0 })
    await working.pass(1000)
    const second = heldOf('lease', (await working.claim('lease', 'w2'))[0])
    expect(second.attempt).toBe(2)
    expect(await renewJob(working.queue, first, leaseMs)).toBe(false)
    expect(await settle(first, { kind: 'complete', result: 'first' }, cost(7))).toBe(false)
    expect(await settle(second, { kind: 'complete', result: 'second' }, cost(7))).toBe(true)
    expect(await settle(first, { kind: 'complete', result: 'first' }, cost(7))).toBe(false)
    expect(await working.job('lease', 'op-1')).toMatchObject({ result: 'second', state: { kind: 'completed' } })
    const costs = await working.rows('lease', 'job_costs', 'attempt')
    expect(costs.map(({ job, attempt, amount_micros: micros }) => [job, attempt, Number(micros)])).toEqual([
      ['op-1', 1, 7],
      ['op-1', 2, 7],
    ])
  })

  test('R025 F068 a day on the working clock cancels what is unfinished, and only one end stands', async () => {
    await working.pass(1)
    for (const id of ['op-1', 'op-2', 'op-3']) await working.ask('stale', id)
    await working.pass(3 * jobStaleAfterMs, false)
    expect(await look('stale')).toEqual({ lost: 0, stale: 0 })
    await working.pass(jobStaleAfterMs - 60_000)
    const ready = heldOf('stale', (await working.claim('stale', 'w1'))[0])
    await working.pass(1)
    const late = heldOf('stale', (await working.claim('stale', 'w1'))[0])
    await working.pass(59_999)
    expect(await settle(ready, { kind: 'complete' })).toBe(true)
    expect(await renewJob(working.queue, late, leaseMs)).toBe(false)
    expect(await settle(late, { kind: 'complete' })).toBe(false)
    expect(await look('stale')).toEqual({ lost: 0, stale: 1 })
    const ends = await working.jobs.read('stale', ['op-1', 'op-2', 'op-3'])
    expect(ends.map(({ state }) => state.kind).toSorted()).toEqual(['cancelled', 'cancelled', 'completed'])
    expect(ends.find(({ id }) => id === late.id)).toMatchObject({ state: { kind: 'cancelled', cause: 'stale' } })
    expect(await working.jobs.again('stale', late.id)).toMatchObject({ kind: 'changed' })
    expect(await look('stale')).toEqual({ lost: 0, stale: 0 })
  })

  test('R034 a switch that is off stops the working clock, and a used-up budget holds the jobs of its tenant alone', async () => {
    await working.jobs.setBudget('held', jobType, { limitMicros: 10, currency: 'EUR', windowMs: 30 * jobStaleAfterMs })
    for (const id of ['op-1', 'op-2']) await working.ask('held', id)
    await working.ask('free', 'op-1')
    await settle(heldOf('held', (await working.claim('held', 'w1'))[0]), { kind: 'complete' }, cost(10))
    expect(await working.claim('held', 'w1')).toEqual([])
    expect(await working.claim('free', 'w1')).toHaveLength(1)
    await working.pass(2 * jobStaleAfterMs)
    expect(await look('held')).toEqual({ lost: 0, stale: 0 })
    await working.jobs.setBudget('held', jobType, null)
    expect(await working.claim('held', 'w1')).toHaveLength(1)

    await working.ask('held', 'op-3')
    await working.jobs.setSwitch(jobType, false)
    await working.pass(2 * jobStaleAfterMs)
    await working.jobs.setSwitch(jobType, true)
    await working.pass(2 * leaseMs)
    expect(await look('held')).toEqual({ lost: 1, stale: 0 })
    await working.pass(jobStaleAfterMs)
    expect(await look('held')).toEqual({ lost: 0, stale: 2 })
    const nonsense = { limitMicros: 0.5, currency: 'EUR', windowMs: 1 }
    await expect(working.jobs.setBudget('held', jobType, nonsense)).rejects.toMatchObject({
      code: 'invalid-definition',
    })
  })

  test('the working clock goes on by what passes between ticks, and stands still while nobody ticks or the switch is off', async () => {
    const type = 'ticked'
    const clock = async (atMs: number) => {
      const on = await tickClocks(working.queue.database, [type], atMs)
      const [row] = await working.queue.database.query(
        'clock',
        `select clock_ms::float8 as ms from holdfast.job_types where type = $1`,
        [type],
      )
      return [on.length, row?.['ms']]
    }
    expect(await clock(1_000_000)).toEqual([1, 0])
    expect(await clock(1_010_000)).toEqual([1, 10_000])
    expect(await clock(1_005_000)).toEqual([1, 10_000])
    expect(await clock(9_000_000)).toEqual([1, 10_000 + tickGapMaxMs])
    await working.jobs.setSwitch(type, false)
    expect(await clock(working.nowMs() + 30_000)).toEqual([0, 10_000 + tickGapMaxMs])
    await working.jobs.setSwitch(type, true)
    expect(await clock(working.nowMs() + 31_000)).toEqual([1, 11_000 + tickGapMaxMs])
  })

  test('R033 R035 a person cancels and asks again; what makes no sense is refused by name', async () => {
    await working.ask('acts', 'op-1')
    const held = heldOf('acts', (await working.claim('acts', 'w1'))[0])
    expect(await working.jobs.again('acts', 'op-1')).toEqual({ kind: 'refused', from: 'processing', event: 'again' })
    expect(await working.jobs.cancel('acts', 'op-1')).toMatchObject({ kind: 'changed', state: { cause: 'person' } })
    expect(await working.jobs.cancel('acts', 'op-1')).toEqual({ kind: 'ignored' })
    expect(await settle(held, { kind: 'complete' })).toBe(false)
    expect(await working.jobs.again('acts', 'op-1')).toMatchObject({ kind: 'changed' })
    const next = heldOf('acts', (await working.claim('acts', 'w1'))[0])
    expect(next.attempt).toBe(2)
    await settle(next, { ...fails, isFinal: true })
    expect(await working.jobs.count('acts')).toMatchObject({ failed: 1 })
    expect(await working.jobs.retryFailed('acts', jobType)).toBe(1)
    await settle(heldOf('acts', (await working.claim('acts', 'w1'))[0]), { kind: 'release' })
    expect(await working.job('acts', 'op-1')).toMatchObject({ state: { kind: 'queued', failures: 0, attempt: 3 } })
    expect(await working.jobs.cancel('acts', 'none')).toBeUndefined()
  })

  test('R029 F071 a tenant sees and moves its own jobs alone', async () => {
    await working.ask('wall-1', 'op-1')
    expect(await working.jobs.read('wall-2', ['op-1'])).toEqual([])
    expect(await working.jobs.list('wall-2', { limit: 10 })).toEqual([])
    expect(await working.jobs.cancel('wall-2', 'op-1')).toBeUndefined()
    expect(await working.claim('wall-2', 'w1', 10)).toEqual([])
    const forged = { tenant: 'wall-2', id: 'op-1', type: jobType, worker: 'w1', attempt: 1 }
    expect(await settle(forged, { kind: 'complete' }, cost(1))).toBe(false)
    const across = working.queue.database.tx('wall-2', ({ query }) =>
      query('across', `select * from holdfast.tenants_with_jobs(array['${jobType}'], now(), '', 9)`, []),
    )
    await expect(across).rejects.toMatchObject({ code: '42501' })
    expect(await working.job('wall-1', 'op-1')).toMatchObject({ version: 1 })
  })

  test('R030 jobs are listed by state and by pages; the most urgent are claimed first, each by one of many workers', async () => {
    const ids = Array.from({ length: 12 }, (_, index) => `op-${String(index).padStart(2, '0')}`)
    for (const [index, id] of ids.entries()) {
      await working.ask('many', id, [{ type: jobType, payload: null, priority: index === 7 ? 'high' : 'medium' }])
    }
    expect((await working.claim('many', 'w0')).map(({ id }) => id)).toEqual(['op-07'])
    const claims = await Promise.all(Array.from({ length: 8 }, (_, worker) => working.claim('many', `w${worker}`, 2)))
    const taken = claims.flat().map(({ id }) => id)
    expect(new Set(taken).size).toBe(taken.length)
    while ((await working.claim('many', 'w9', 3)).length > 0);
    const listed = await working.jobs.list('many', { limit: 5, kind: 'processing', before: 'op-10' })
    expect(listed.map(({ id }) => id)).toEqual(['op-09', 'op-08', 'op-07', 'op-06', 'op-05'])
    expect(await working.jobs.list('many', { limit: 5, kind: 'queued' })).toEqual([])
  })

  test('R032 one job is worked at now, by the rules of every worker; what makes no sense is refused by name', async () => {
    await working.ask('now', 'op-1')
    const { database } = working.queue
    const handler = onJob(jobType, () => Promise.resolve({ result: 'done', cost: cost(9) }))
    const now = (tenant = 'now') => workNow({ database, handler, nowMs: working.nowMs }, tenant, 'op-1')
    await working.jobs.setSwitch(jobType, false)
    expect(await now()).toEqual({ kind: 'held' })
    await working.jobs.setSwitch(jobType, true)
    await working.jobs.setBudget('now', jobType, { limitMicros: 9, currency: 'EUR', windowMs: 1000 })
    expect(await working.jobs.standing('now', jobType)).toMatchObject({ isOn: true, isOverBudget: false })
    expect(await now()).toMatchObject({ kind: 'worked', job: { result: 'done', state: { kind: 'completed' } } })
    expect(await now()).toEqual({ kind: 'refused', from: 'completed', event: 'start' })
    await working.jobs.again('now', 'op-1')
    expect(await now()).toEqual({ kind: 'held' })
    expect(await working.jobs.standing('now', jobType)).toMatchObject({
      isOverBudget: true,
      budget: { spentMicros: 9 },
    })
    expect(await now('elsewhere')).toBeUndefined()
  })

  test('R025 the stale of one type are cancelled on demand, with their count', async () => {
    await working.ask('old', 'op-1')
    await working.pass(25 * 3_600_000)
    await working.ask('old', 'op-2')
    expect(await working.jobs.cancelStale('elsewhere', jobType)).toBe(0)
    expect(await working.jobs.cancelStale('old', jobType)).toBe(1)
    expect(await working.job('old', 'op-1')).toMatchObject({ state: { kind: 'cancelled', cause: 'stale' } })
    expect(await working.job('old', 'op-2')).toMatchObject({ state: { kind: 'queued' } })
  })

  test('the feed carries the state of a job where it is the latest, with its result and without its payload', async () => {
    await working.ask('told', 'op-1', [{ type: jobType, payload: 'secret' }])
    const changes = async () => {
      const feed = await readChanges(working.queue.database, 'told', { after: 0, limit: 50 })
      return feed.changes.filter(({ kind: of }) => of === 'holdfast.job').map(({ version, state }) => [version, state])
    }
    const base = { type: jobType, operation: 'op-1' }
    expect(await changes()).toEqual([[1, { ...base, status: 'queued', attempts: 0 }]])
    const held = heldOf('told', (await working.claim('told', 'w1'))[0])
    await settle(held, { kind: 'complete', result: { words: 3, none: null } })
    const completed = { ...base, status: 'completed', attempts: 1, result: { words: 3, none: null } }
    expect(await changes()).toEqual([
      [1, undefined],
      [2, undefined],
      [3, completed],
    ])
    await working.jobs.again('told', 'op-1')
    expect((await changes()).at(-1)).toEqual([4, { ...base, status: 'queued', attempts: 1 }])
    expect(JSON.stringify(await changes())).not.toContain('secret')
  })

  test('tenants with something due are found in turn, and no others', async () => {
    for (const tenant of ['zz-1', 'zz-2', 'zz-3']) await working.ask(tenant, 'op-1')
    await working.ask('zz-4', 'op-1', [{ type: 'unknown-here', payload: null }])
    await working.ask('zz-5', 'op-1', [{ type: jobType, payload: null, delayMs: 1000 }])
    const found = (after: string, most: number) => tenantsWithJobs(working.queue, [jobType], after, most)
    expect(await found('zz', 9)).toEqual(['zz-1', 'zz-2', 'zz-3'])
    expect(await found('zz-1', 1)).toEqual(['zz-2'])
    expect(await found('zz-3', 9)).toEqual([])
  })
})
