import { isRecord, parseProblem, problemCodeOf } from '@holdfast/core'
import type { Hono } from 'hono'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabases } from '../../../../server/src/database/test-databases.fixture.ts'
import { ocrDoors } from './doors.ts'
import { openReading, type Reading } from './reading.fixture.ts'

let reading: Reading
let doors: Hono
beforeAll(async () => {
  const [kind] = testDatabases
  if (kind === undefined) throw new Error('no database')
  reading = await openReading(kind)
  const { database, sync, handler, nowMs } = reading
  doors = ocrDoors({ database, sync, handler, nowMs })
}, 60_000)
afterAll(() => reading.close())

async function ask(method: string, path: string, body?: unknown, as = 'ana@north') {
  const response = await doors.request(`http://desk.example/api/ocr/${path}`, {
    method,
    headers: { 'x-test-session': as, 'content-type': 'application/json' },
    ...(method !== 'GET' && { body: JSON.stringify(body ?? {}) }),
  })
  const answer: unknown = await response.json()
  const code = problemCodeOf(parseProblem(answer))
  return { status: response.status, body: isRecord(answer) ? answer : {}, ...(code !== undefined && { code }) }
}
const paper = (id: string) => ({ id, mediaAssetId: 'photo-1', jobType: 'receipt' })

test('R022 R028 a paper comes through its door once, and is seen with what was read', async () => {
  expect(await ask('POST', 'jobs', paper('p-1'))).toMatchObject({
    status: 201,
    body: { id: 'p-1', job: { status: 'queued' } },
  })
  expect(await ask('POST', 'jobs', paper('p-1'))).toMatchObject({ status: 200, body: { duplicate: true } })
  expect((await ask('POST', 'jobs', { ...paper('p-2'), jobType: 'letter' })).code).toBe('invalid-payload')
  await reading.service('north').processJob('p-1')
  const read = await ask('GET', 'jobs/p-1')
  expect(read.body).toMatchObject({
    status: 'completed',
    result: { fields: { merchantName: { value: 'A Shop Ltd' } } },
  })
  expect((await ask('GET', 'status')).body).toEqual({ queued: 0, processing: 0, failed: 0, completed24h: 1 })
  expect((await ask('GET', 'costs')).body).toMatchObject({
    today: [{ currency: 'USD', amountMicros: 1_000, attempts: 1 }],
  })
})

test('R030 R033 jobs are listed, cancelled and read again; what makes no sense is refused by name', async () => {
  await ask('POST', 'jobs', paper('q-1'))
  const listed = await ask('GET', 'jobs?status=queued&limit=1')
  expect(listed.body).toMatchObject({ jobs: [{ id: 'q-1' }], next: 'q-1' })
  expect((await ask('GET', 'jobs?status=queued&before=q-1')).body).toEqual({ jobs: [], next: null })
  for (const query of ['status=x', 'limit=0', 'limit=x', 'before=%00']) {
    expect((await ask('GET', `jobs?${query}`)).code).toBe('invalid-request')
  }
  expect(await ask('POST', 'jobs/q-1/again')).toMatchObject({
    code: 'conflict',
    body: { detail: 'A job that is queued cannot be read again.' },
  })
  expect((await ask('POST', 'jobs/q-1/cancel')).body).toMatchObject({ status: 'cancelled', cause: 'person' })
  expect((await ask('POST', 'jobs/q-1/again')).body).toMatchObject({ status: 'queued' })
  expect((await ask('POST', 'retry-failed')).body).toEqual({ retried: 0 })
  expect((await ask('POST', 'cancel-stale')).body).toEqual({ cancelled: 0 })
  for (const id of ['none', '%00', '%E0%A4%A']) expect((await ask('GET', `jobs/${id}`)).status).toBe(404)
  expect((await ask('POST', 'jobs/q-1/cancel', {}, 'cleo@south')).status).toBe(404)
  expect((await ask('DELETE', 'jobs/q-1')).status).toBe(405)
  expect((await ask('GET', 'jobs', undefined, '')).status).toBe(401)
})

test('R026 a budget is a manager’s to set, and holds jobs in a state that says so', async () => {
  const budget = { limitMicros: 0, currency: 'USD', windowMs: 86_400_000 }
  expect((await ask('PUT', 'budget', budget)).status).toBe(403)
  for (const bad of [
    [],
    { ...budget, limitMicros: -1 },
    { ...budget, currency: 'dollar' },
    { ...budget, windowMs: 0 },
  ]) {
    expect((await ask('PUT', 'budget', bad, 'max@north@manager')).code).toBe('invalid-request')
  }
  expect((await ask('PUT', 'budget', budget, 'max@north@manager')).status).toBe(200)
  expect((await ask('GET', 'status')).body).toMatchObject({ held: 'over-budget' })
  await ask('PUT', 'budget', { limitMicros: null }, 'max@north@manager')
  expect((await ask('GET', 'status')).body).not.toHaveProperty('held')
})

test('a person’s corrections stand beside the reading, two people’s side by side', async () => {
  await ask('POST', 'jobs', paper('c-1'))
  const correct = (id: string, fields: object) => ask('POST', 'corrections', { id, paperId: 'c-1', fields })
  expect((await correct('k-1', { merchantName: 'A Shop' })).status).toBe(201)
  expect((await correct('k-2', { total: { minor: 700, currency: 'GBP' } })).status).toBe(201)
  const state = (await reading.sync.read('north', 'paper', ['c-1'])).get('c-1')?.state
  expect(state).toMatchObject({ merchantName: 'A Shop', total: { minor: 700, currency: 'GBP' }, correctedBy: 'ana' })
  expect((await correct('k-3', {})).code).toBe('invalid-payload')
  const nowhere = await ask('POST', 'corrections', { id: 'k-4', paperId: 'none', fields: { merchantName: 'x' } })
  expect(nowhere.code).toBe('refused')
})
