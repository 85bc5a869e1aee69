import { setTimeout as wait } from 'node:timers/promises'
import { isRecord } from '@holdfast/core'
import { runWorker } from '@holdfast/server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTimeoutMs, testDatabases } from '../../../../server/src/database/test-databases.fixture.ts'
import { jobTypes, paperKind, requestReading } from '../operations.ts'
import { openReading, readingMs, type Reading } from './reading.fixture.ts'

const photo = { mediaAssetId: 'photo-1', jobType: 'receipt' } as const
const hourMs = 3_600_000

describe.each(testDatabases)('reading jobs on $name', (kind) => {
  let reading: Reading
  beforeAll(async () => {
    reading = await openReading(kind)
  }, openTimeoutMs)
  afterAll(() => reading.close())

  test('R021 R022 R031 a new job is queued and names its medium, its kind of paper and its metadata', async () => {
    const service = reading.service('new')
    for (const jobType of jobTypes) {
      const job = await service.createJob({ mediaAssetId: 'photo-1', jobType, metadata: { trip: 7 } })
      expect(job).toMatchObject({
        status: 'queued',
        mediaAssetId: 'photo-1',
        jobType,
        metadata: { trip: 7 },
        attempts: 0,
      })
      expect(await service.find(job.id)).toEqual(job)
    }
    expect(await service.getQueueStatus()).toEqual({ queued: 3, processing: 0, failed: 0, completed24h: 0 })
    const bad = service.createJob({ mediaAssetId: '', jobType: 'receipt' })
    await expect(bad).rejects.toMatchObject({ code: 'invalid-payload' })
  })

  test('R023 R032 processing goes from queued to completed, with its start; what makes no sense is refused by name', async () => {
    const service = reading.service('moves')
    const { id } = await service.createJob(photo)
    const startedAt = new Date(reading.nowMs()).toISOString()
    const act = await service.processJob(id)
    expect(act).toMatchObject({ kind: 'done', job: { status: 'completed', startedAt, attempts: 1 } })
    expect(act).toMatchObject({
      job: {
        result: { fields: { total: { value: { minor: 649, currency: 'GBP' }, source: 'label' } }, needsReview: false },
      },
    })
    const refused = (what: string) => ({
      kind: 'refused',
      from: 'completed',
      detail: `A job that is completed cannot be ${what}.`,
    })
    expect(await service.processJob(id)).toEqual(refused('started'))
    expect(await service.cancel(id)).toEqual(refused('cancelled'))
    expect(await service.getQueueStatus()).toMatchObject({ completed24h: 1 })
    await reading.pass(25 * hourMs)
    expect(await service.getQueueStatus()).toMatchObject({ completed24h: 0 })
    for (const act of [service.processJob, service.cancel, service.readAgain]) {
      expect(await act('none')).toEqual({ kind: 'not-found' })
    }
  })

  test('R024 a reading that fails is tried again after 1, 5 and 15 s, then it has failed; a file that cannot be read fails at once', async () => {
    const service = reading.service('fails')
    const { id } = await service.createJob(photo)
    reading.script.push('break', 'break', 'break', 'break')
    const waits: number[] = []
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const act = await service.processJob(id)
      if (act.kind !== 'done') throw new Error(act.kind)
      expect(act.job).toMatchObject({ status: 'queued', attempts: attempt, failure: { code: 'engine-failed' } })
      const waitMs = Date.parse(act.job.nextTryAt ?? '') - reading.nowMs()
      waits.push(waitMs)
      expect(await service.processJob(id)).toMatchObject({ kind: 'refused', from: 'queued' })
      await reading.pass(waitMs)
    }
    expect(waits).toEqual([1_000, 5_000, 15_000])
    expect(await service.processJob(id)).toMatchObject({ kind: 'done', job: { status: 'failed', attempts: 4 } })
    expect(await service.retryFailed()).toBe(1)
    expect(await service.processJob(id)).toMatchObject({ job: { status: 'completed', attempts: 5 } })
    reading.script.push('damaged')
    const other = await service.createJob(photo)
    expect(await service.processJob(other.id)).toMatchObject({ job: { status: 'failed', attempts: 1 } })
    const lost = await service.createJob({ ...photo, mediaAssetId: 'photo-2' })
    expect(await service.processJob(lost.id)).toMatchObject({ job: { failure: { code: 'media-missing' } } })
  })

  test('R025 R027 a job unfinished for a day on the server is cancelled, however old it was when it came; it stays, and is read again', async () => {
    const service = reading.service('old')
    expect((await reading.send('old', { id: 'late', ...photo }, { ageMs: 70 * hourMs })).outcome).toBe('applied')
    expect(await service.cancelStale()).toBe(0)
    await reading.pass(25 * hourMs)
    expect(await service.cancelStale()).toBe(1)
    expect(await service.find('late')).toMatchObject({ status: 'cancelled', cause: 'stale' })
    expect(await service.readAgain('late')).toMatchObject({ kind: 'done', job: { status: 'queued' } })
    expect(await service.cancelStale()).toBe(0)
    expect(await service.processJob('late')).toMatchObject({ job: { status: 'completed' } })
  })

  test('R027 made offline, it comes once, however often it is sent; without its file it waits, and asks for nothing', async () => {
    const sent = await reading.send('offline', { id: 'op-1', ...photo })
    expect(sent).toMatchObject({ outcome: 'applied', ids: { paper: 'op-1', job: 'op-1' } })
    expect((await reading.send('offline', { id: 'op-1', ...photo })).outcome).toBe('duplicate')
    const attachments = [{ name: 'media', sha256: 'a'.repeat(64) }]
    const missing = await reading.send('offline', { id: 'op-2', jobType: 'receipt' }, { attachments })
    expect(missing).toMatchObject({ outcome: 'deferred', problem: { type: 'urn:holdfast:problem:attachment-missing' } })
    expect(await reading.send('offline', { id: 'op-3', jobType: 'receipt' })).toMatchObject({ outcome: 'rejected' })
    expect(await reading.service('offline').getQueueStatus()).toMatchObject({ queued: 1 })
  })

  test('R026 F069 each attempt costs once, also a failed one; a budget holds jobs and says so, and nothing grows stale', async () => {
    const service = reading.service('pays')
    const { id } = await service.createJob(photo)
    reading.script.push('break')
    await service.processJob(id)
    // Two seconds of computing, at 14 micros each.
    const failed = { currency: 'USD', amountMicros: (readingMs / 1000) * 14, attempts: 1 }
    expect(await service.costs()).toEqual({ today: [failed], month: [failed] })
    await reading.pass(1_000)
    await service.processJob(id)
    expect(await service.costs()).toMatchObject({ today: [{ amountMicros: 1_028, attempts: 2 }] })
    await service.setBudget({ limitMicros: 1_028, currency: 'USD', windowMs: 48 * hourMs })
    const next = await service.createJob(photo)
    expect(await service.processJob(next.id)).toEqual({ kind: 'held', hold: 'over-budget' })
    expect(await service.getQueueStatus()).toMatchObject({ queued: 1, held: 'over-budget' })
    await reading.pass(25 * hourMs)
    expect(await service.cancelStale()).toBe(0)
    const { today, month, budget } = await service.costs()
    expect([today, month[0]?.amountMicros, budget?.spentMicros]).toEqual([[], 1_028, 1_028])
    await service.setBudget(null)
    expect(await service.processJob(next.id)).toMatchObject({ job: { status: 'completed' } })
  })

  test('R028 R030 jobs are found by their state, newest first, by pages', async () => {
    const service = reading.service('many')
    const ids: string[] = []
    for (let nth = 0; nth < 5; nth += 1) {
      ids.unshift((await service.createJob(photo)).id)
      await reading.pass(1)
    }
    await service.processJob(ids[2] ?? '')
    await service.cancel(ids[4] ?? '')
    const found = async (...args: Parameters<typeof service.findByStatus>) =>
      (await service.findByStatus(...args)).map(({ id }) => ids.indexOf(id))
    expect(await found('queued')).toEqual([0, 1, 3])
    expect(await found('completed')).toEqual([2])
    expect(await found(undefined, { limit: 2, before: ids[1] ?? '' })).toEqual([2, 3])
    expect(await found('failed')).toEqual([])
  })

  test('R029 F071 a company finds, moves and pays for its own jobs alone', async () => {
    const { id } = await reading.service('wall-1').createJob(photo)
    const other = reading.service('wall-2')
    expect(await other.find(id)).toBeUndefined()
    expect(await other.findByStatus(undefined)).toEqual([])
    for (const act of [other.processJob, other.cancel, other.readAgain]) {
      expect(await act(id)).toEqual({ kind: 'not-found' })
    }
    expect([await other.retryFailed(), (await other.getQueueStatus()).queued]).toEqual([0, 0])
    expect(await reading.service('wall-1').find(id)).toMatchObject({ status: 'queued' })
  })

  test('R033 R035 F068 a person cancels, the worker’s late end changes nothing, and the paper is read again from the same file', async () => {
    const service = reading.service('acts')
    const { id } = await service.createJob(photo)
    const late = service.processJob(id)
    let cancelled = await service.cancel(id)
    for (; cancelled.kind !== 'done'; cancelled = await service.cancel(id)) {
      if (cancelled.kind === 'refused' && cancelled.from === 'completed') break
    }
    await late
    const first = await service.find(id)
    // Whichever came first stands: there is one end, and what was read belongs to it.
    expect(first?.status).toBe(cancelled.kind === 'done' ? 'cancelled' : 'completed')
    expect(first?.result !== undefined).toBe(first?.status === 'completed')
    expect(await service.readAgain(id)).toMatchObject({ kind: 'done', job: { status: 'queued' } })
    expect(await service.processJob(id)).toMatchObject({ job: { status: 'completed', mediaAssetId: 'photo-1' } })
  })

  test('R034 switched off, jobs stay queued and do not grow stale, for one process and for all', async () => {
    const here = reading.service('off', 'ana', false)
    const { id } = await here.createJob(photo)
    expect(await here.processJob(id)).toEqual({ kind: 'held', hold: 'switched-off' })
    expect(await here.getQueueStatus()).toMatchObject({ queued: 1, held: 'switched-off' })
    await reading.jobs.setSwitch('ocr.read', false)
    const service = reading.service('off')
    expect(await service.processJob(id)).toEqual({ kind: 'held', hold: 'switched-off' })
    await reading.pass(30 * hourMs)
    expect(await service.cancelStale()).toBe(0)
    await reading.jobs.setSwitch('ocr.read', true)
    expect(await service.processJob(id)).toMatchObject({ job: { status: 'completed' } })
  })

  test('R032 F066 five jobs and two workers: each is read once, and the feed brings each result once', async () => {
    for (let nth = 1; nth <= 5; nth += 1) await reading.send('five', { id: `op-${nth}`, ...photo })
    const { database, handler, nowMs } = reading
    const workers = [1, 2].map(() => runWorker({ database, handlers: [handler], pollMs: 5, nowMs }))
    const service = reading.service('five')
    while ((await service.getQueueStatus()).completed24h < 5) await wait(5)
    await Promise.all(workers.map((worker) => worker.stop()))
    expect((await service.findByStatus('completed')).map(({ attempts }) => attempts)).toEqual([1, 1, 1, 1, 1])
    expect(await service.costs()).toMatchObject({ today: [{ amountMicros: 5_000, attempts: 5 }] })
    const rows = await database.tx('five', ({ query }) =>
      query(
        'five-results',
        `select f.id from holdfast.feed f join holdfast.jobs j on j.tenant = f.tenant and j.id = f.id
        and j.version = f.version where f.tenant = $1 and f.kind = 'holdfast.job' and j.kind = 'completed' order by f.id`,
        ['five'],
      ),
    )
    expect(rows.map((row) => isRecord(row) && row['id'])).toEqual(['op-1', 'op-2', 'op-3', 'op-4', 'op-5'])
  })
})

test('R001 R009 R016 papers travel in fives, are tried after 1, 5 and 15 s, and wait for no other', () => {
  const { batch, retry } = requestReading.policyFor('medium')
  expect([batch.max, retry]).toEqual([5, { kind: 'fixed', delaysMs: [1_000, 5_000, 15_000] }])
  const lanes = ['a', 'b'].map((id) => requestReading.lane({ id, ...photo }).key)
  expect(new Set(lanes).size).toBe(2)
  expect(requestReading.entity?.({ id: 'a', ...photo })).toEqual({ kind: paperKind, id: 'a' })
})
