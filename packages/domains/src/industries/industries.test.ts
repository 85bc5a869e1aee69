/** The industries: their rows, and their doors. */
import { isRecord, type Json } from '@holdfast/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPacks, type Packs } from '../packs.fixture.ts'
import {
  findMissingField,
  industries,
  industryHeaders,
  industryNames,
  industryOf,
  isCritical,
  workKind,
  workOperations,
  type IndustryName,
  type WorkRecord,
} from './operations.ts'

let packs: Packs
beforeAll(async () => {
  packs = await openPacks()
}, 60_000)
afterAll(() => packs.close())

const at = '2026-01-31T12:00:00Z'
const records: { readonly [Name in IndustryName]: WorkRecord } = {
  hs: { id: 'r1', jobId: 'j1', technicianId: 'tom', timestamp: at, status: 'open' },
  rest: { id: 'r2', orderId: 'o1', tableId: 0, timestamp: at, status: 'open' },
  auto: { id: 'r3', workOrderId: 'w1', bayId: 7, timestamp: at, status: 'open' },
  ret: { id: 'r4', transactionId: 't1', storeId: 's1', timestamp: at, type: 'sale' },
}
const post = (name: string, record: object, path = '/api/industries', headers: Record<string, string> = {}) =>
  packs.ask('POST', path, record, { headers: { 'x-industry': name, ...headers } })
const stateOf = (name: IndustryName, id: string): Promise<Json | undefined> => packs.stateOf(workKind, `${name}:${id}`)

test.each([
  ['hs', 'high', 5, 30_000],
  ['rest', 'high', 10, 15_000],
  ['auto', 'medium', 8, 45_000],
  ['ret', 'medium', 15, 60_000],
] as const)('R091 %s has priority %s, batches of %s and waits %s ms', (name, priority, max, lingerMs) => {
  expect(industries[name]).toMatchObject({ priority, batch: { max, lingerMs } })
  expect(workOperations[name].lane(records[name]).priority).toBe(priority === 'high' ? 'high' : 'medium')
  expect(workOperations[name].policyFor(priority).batch).toEqual({ max, lingerMs })
})

test('R092 a missing required field names itself', async () => {
  for (const name of industryNames) {
    for (const field of industries[name].requiredFields) {
      const { [field]: _left, ...rest } = records[name]
      const answer = await post(name, rest)
      expect([answer.status, answer.detail?.split(':')[0]]).toEqual([422, field])
    }
  }
})

test('R098 0 and false are present; absent, null and empty text are not', () => {
  const record = { orderId: 'o', tableId: 0, timestamp: at, status: false }
  expect(findMissingField(industries.rest, record)).toBeUndefined()
  for (const tableId of [null, '']) expect(findMissingField(industries.rest, { ...record, tableId })).toBe('tableId')
  expect(findMissingField(industries.rest, {})).toBe('orderId')
})

test('R092 a critical field travels in a lane of high priority of its own', () => {
  const usual = workOperations.ret.lane(records.ret)
  const urgent = workOperations.ret.lane({ ...records.ret, returns: 0 })
  expect([usual.priority, urgent.priority]).toEqual(['medium', 'high'])
  expect(urgent.key).not.toBe(usual.key)
  expect(isCritical(industries.auto, { bay_status: 'free' })).toBe(true)
  expect(isCritical(industries.auto, { status: 'open' })).toBe(false)
})

test('R093 the headers say whose work it is and how urgent; a wrong priority is refused', async () => {
  expect(industryHeaders(industries.auto)).toEqual({ 'x-industry': 'auto', 'x-sync-priority': 'medium' })
  const ok = await post('auto', records.auto, '/api/industries', { 'x-sync-priority': 'medium' })
  expect(ok.status).toBe(201)
  const odd = await post('auto', { ...records.auto, id: 'r3b' }, '/api/industries', { 'x-sync-priority': 'urgent' })
  expect([odd.status, odd.code]).toEqual([400, 'invalid-request'])
})

test('R097 an unknown industry is refused, and none is too', async () => {
  expect((await post('hsx', records.hs)).code).toBe('invalid-request')
  expect((await packs.ask('POST', '/api/industries', records.hs)).code).toBe('invalid-request')
  expect(industryOf('constructor')).toBeUndefined()
  expect(industryOf(undefined)).toBeUndefined()
})

test('R094 home services and restaurants are filled in where a record says nothing', () => {
  expect(industries.hs.complete({ jobId: 'j' })).toEqual({
    jobId: 'j',
    serviceType: 'general',
    urgencyLevel: 'normal',
    locationVerified: false,
    equipmentUsed: [],
    customerPresent: true,
  })
  expect(
    industries.hs.complete({ emergency: true, coordinates: { lat: 0, lng: 0 }, customerPresent: false }),
  ).toMatchObject({
    urgencyLevel: 'high',
    locationVerified: true,
    customerPresent: false,
  })
  expect(industries.rest.complete({ courseSequence: 0, orderType: null })).toEqual({
    orderType: 'dine_in',
    preparationTime: null,
    allergyInfo: [],
    courseSequence: 0,
    kitchenSection: 'general',
  })
})

test('R095 workshops and shops are filled in where a record says nothing', () => {
  expect(industries.auto.complete({})).toEqual({
    serviceCategory: 'general',
    partsOrdered: [],
    estimatedHours: null,
    customerApproved: false,
    warrantyWork: false,
  })
  expect(industries.auto.complete({ customer_approval: true })).toMatchObject({ customerApproved: true })
  expect(industries.ret.complete({ returns: ['x'] })).toEqual({
    channel: 'in_store',
    items: [],
    registerId: null,
    isReturn: true,
    loyaltyId: null,
    returns: ['x'],
  })
})

test('R096 the address says the type of the work, and work of no type is generic', async () => {
  await post('hs', { ...records.hs, id: 'g1', jobId: 'typed' }, '/api/industries/inspection')
  expect(await stateOf('hs', 'typed')).toMatchObject({ type: 'inspection', industry: 'hs', updatedBy: 'ana' })
  await post('hs', { ...records.hs, id: 'g2', jobId: 'untyped' })
  expect(await stateOf('hs', 'untyped')).toMatchObject({ type: 'generic', serviceType: 'general' })
  await post('ret', { ...records.ret, id: 'g3' }, '/api/industries/whatever')
  expect(await stateOf('ret', 't1')).toMatchObject({ type: 'sale' })
})

test('a later record is laid over what is there, and the same one comes once', async () => {
  const first = { ...records.hs, id: 'l1', jobId: 'later', serviceType: 'roof' }
  await post('hs', first)
  expect((await post('hs', first)).status).toBe(200)
  await post('hs', { ...records.hs, id: 'l2', jobId: 'later', status: 'done' })
  const state = await stateOf('hs', 'later')
  expect(isRecord(state) ? [state['serviceType'], state['status']] : []).toEqual(['roof', 'done'])
})
