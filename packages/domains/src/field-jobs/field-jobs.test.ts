/** Field jobs through their doors and through the batch door. */
import { textSeparator, type Json } from '@holdfast/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPacks, type Packs } from '../packs.fixture.ts'
import { invoiceKind } from '../records/operations.ts'
import { invoiceOf } from './invoicing.ts'
import {
  addJobNotes,
  completeJob,
  costOf,
  jobKind,
  jobOperations,
  photoUrlsOf,
  updateJobStatus,
  type JobCompletion,
} from './operations.ts'

let packs: Packs
beforeAll(async () => {
  packs = await openPacks()
}, 60_000)
afterAll(() => packs.close())

let names = 0
const newJob = (): string => `job-${(names += 1)}`
const headOf = (jobId: string) => ({
  id: `u-${(names += 1)}`,
  jobId,
  technicianId: 'tom',
  timestamp: '2026-01-31T12:00:00Z',
})
const stateOf = (id: string) => packs.stateOf(jobKind, id)
const post = (path: string, body: object, as?: string) => packs.ask('POST', path, body, as === undefined ? {} : { as })

test('R079 R087 status, location, notes and parts each have a door and add to the job', async () => {
  const job = newJob()
  const status = await packs.ask('PUT', '/api/jobs/status', { ...headOf(job), status: 'in_progress' })
  expect([status.status, status.body['version']]).toEqual([201, 1])
  const here = { lat: 52.5, lng: 13.4 }
  expect((await post('/api/jobs/location', { ...headOf(job), coordinates: here })).status).toBe(201)
  const note = headOf(job)
  await post('/api/jobs/notes', { ...note, notes: 'gate code 12' })
  await post('/api/jobs/notes', { ...headOf(job), notes: 'dog' })
  const part = { id: 'p1', name: 'Valve', quantity: 2 }
  await post('/api/jobs/parts', { ...headOf(job), partsUsed: [part] })
  await post('/api/jobs/parts', { ...headOf(job), partsUsed: [{ ...part, quantity: 3 }] })
  expect(await stateOf(job)).toMatchObject({
    id: job,
    status: 'in_progress',
    location: { ...here, by: 'tom' },
    notes: [{ id: note.id, text: 'gate code 12', by: 'tom' }, { text: 'dog' }],
    partsUsed: [{ id: 'p1', quantity: 3 }],
  })
  expect((await post('/api/jobs/status', headOf(job))).code).toBe('method-not-allowed')
})

test('R080 R081 any other update is taken, in the form of older devices too, with place, device and release', async () => {
  const job = newJob()
  const { id, jobId, technicianId, timestamp } = headOf(job)
  const metadata = { coordinates: { lat: 1, lng: 2 }, deviceId: 'phone-1', appVersion: '3.2.1' }
  const data = { customerMood: 'fine', score: 0 }
  const body = { id, jobId, technicianId, updateType: 'survey', data, timestamp, metadata }
  expect((await post('/api/jobs/updates', body)).status).toBe(201)
  expect(await stateOf(job)).toMatchObject({
    customerMood: 'fine',
    score: 0,
    updatedFrom: { lat: 1, lng: 2 },
    deviceId: 'phone-1',
    appVersion: '3.2.1',
  })
  const sly = await post('/api/jobs/updates', { ...headOf(job), data: { completion: { totalCostCents: 0 } } })
  expect([sly.status, sly.detail?.startsWith('data:')]).toEqual([422, true])
  const old = { ...headOf(job), updateType: 'status', data: { status: 'assigned' }, metadata }
  expect((await packs.ask('PUT', '/api/jobs/status', old)).status).toBe(201)
})

test('R082 updates of one job share its lane and travel together, each once', async () => {
  const head = headOf('job-x')
  const lanes = jobOperations.map((definition) => definition.lane({ ...head }).key)
  expect(new Set(lanes)).toEqual(new Set(['job:job-x']))
  expect(updateJobStatus.policyFor('high').batch).toEqual({ max: 25, lingerMs: 5_000 })
  const job = newJob()
  const note = { ...headOf(job), notes: 'once' }
  await packs.send(addJobNotes, note.id, note)
  expect(await packs.send(addJobNotes, note.id, note)).toMatchObject({ outcome: 'duplicate' })
  expect(await stateOf(job)).toMatchObject({ notes: [{ text: 'once' }] })
})

const completionOf = (jobId: string, more: Partial<JobCompletion> = {}): JobCompletion => ({
  ...headOf(jobId),
  photos: [
    { photoIndex: 1, url: '/api/uploads/b' },
    { photoIndex: 0, url: '/api/uploads/a' },
  ],
  signature: '/api/uploads/s',
  finalNotes: 'all dry',
  partsUsed: [{ id: 'p1', name: 'Valve', quantity: 2, unitCostCents: 1500 }],
  laborHours: 1.5,
  laborRateCents: 8000,
  ...more,
})

test('R083 R084 R085 a completion carries photos in their order, signature, notes, hours, parts and cost', async () => {
  const job = newJob()
  const completion = completionOf(job)
  const answer = await post('/api/jobs/complete', completion)
  expect([answer.status, answer.body['generateInvoice']]).toEqual([201, true])
  expect(await stateOf(job)).toMatchObject({
    status: 'completed',
    partsUsed: [{ id: 'p1' }],
    completion: {
      photoUrls: ['/api/uploads/a', '/api/uploads/b'],
      signature: '/api/uploads/s',
      finalNotes: 'all dry',
      laborHours: 1.5,
      totalCostCents: 15_000,
    },
  })
  const twice = await post('/api/jobs/complete', completionOf(job))
  expect([twice.status, twice.code]).toEqual([422, 'refused'])
  const back = { ...headOf(job), status: 'pending' as const }
  expect(await packs.send(updateJobStatus, back.id, back)).toMatchObject({ outcome: 'rejected' })
})

test('R086 an invoice follows a completion once, where the company has invoices on and there is a cost', async () => {
  const job = newJob()
  const completion = completionOf(job)
  const done = await packs.send(completeJob, completion.id, completion)
  const invoiceId = `inv-${completion.id}`
  expect(done).toMatchObject({ outcome: 'applied', result: { generateInvoice: true, invoiceId } })
  expect(await packs.work(completion.id)).toEqual({ result: { invoiceId } })
  const invoice = await packs.stateOf(invoiceKind, invoiceId)
  expect(invoice).toMatchObject({
    jobId: job,
    totalCents: 15_000,
    lines: [
      { label: 'Valve', amountCents: 3_000 },
      { label: 'Labour, 1.5 h', amountCents: 12_000 },
    ],
    createdBy: 'ana',
  })
  expect(await packs.work(completion.id)).toEqual({ result: { invoiceId } })
  expect(await packs.stateOf(invoiceKind, invoiceId)).toEqual(invoice)
  const free = await post(
    '/api/jobs/complete',
    completionOf(newJob(), { partsUsed: [], laborRateCents: 0, totalCostCents: 0 }),
  )
  expect(free.body['generateInvoice']).toBe(true)
  const { laborRateCents: _rate, ...unpriced } = completionOf(newJob(), { partsUsed: [] })
  expect((await post('/api/jobs/complete', unpriced)).body['generateInvoice']).toBe(false)
  const south = await post('/api/jobs/complete', completionOf(newJob()), 'cleo@south')
  expect([south.status, south.body['generateInvoice']]).toEqual([201, false])
})

test('R083 a cost that is said goes before one that is reckoned, and photos need places of their own', async () => {
  expect(costOf(completionOf('j', { totalCostCents: 99 }))).toBe(99)
  expect(costOf({ ...headOf('j'), laborHours: 3 })).toBeUndefined()
  expect(photoUrlsOf()).toEqual([])
  expect(invoiceOf(completionOf('j', { totalCostCents: 20_000 }))?.lines.at(-1)).toEqual({
    id: 'rest',
    label: 'Work',
    amountCents: 5_000,
  })
  const twice = [
    { photoIndex: 0, url: '/a' },
    { photoIndex: 0, url: '/b' },
  ]
  expect((await post('/api/jobs/complete', completionOf(newJob(), { photos: twice }))).detail).toContain('photos')
  const script = [{ photoIndex: 0, url: 'javascript:alert(1)' }]
  expect((await post('/api/jobs/complete', completionOf(newJob(), { photos: script }))).detail).toContain(
    'photos.0.url',
  )
})

test('R105 R106 R107 two people edit one job offline: the higher state stands, and the notes of both', async () => {
  const job = newJob()
  const first = { ...headOf(job), status: 'pending' as const }
  await packs.send(updateJobStatus, first.id, first)
  const base: { version: number; state: Json } = { version: 1, state: (await stateOf(job)) ?? null }
  const ana = { ...headOf(job), status: 'in_progress' as const }
  const ben = { ...headOf(job), status: 'assigned' as const }
  const note = { ...headOf(job), notes: 'from ben' }
  await packs.send(updateJobStatus, ana.id, ana, { base })
  const late = await packs.send(updateJobStatus, ben.id, ben, { base }, 'ben')
  expect(late).toMatchObject({ outcome: 'applied', conflictResolved: true, result: { status: 'in_progress' } })
  expect(await packs.send(addJobNotes, note.id, note, { base }, 'ben')).toMatchObject({ outcome: 'applied' })
  expect(await stateOf(job)).toMatchObject({ status: 'in_progress', notes: [{ text: 'from ben' }] })
  expect(JSON.stringify(await stateOf(job))).not.toContain(textSeparator)
})
