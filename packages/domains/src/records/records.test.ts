/** Customers, invoices and visits through their doors and through the batch door. */
import { textSeparator } from '@holdfast/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { allOperations, openPacks, type Packs } from '../packs.fixture.ts'
import { customerKind, invoiceKind, patchCustomer, saveCustomer, updateSchedule, visitKind } from './operations.ts'

let packs: Packs
beforeAll(async () => {
  packs = await openPacks()
}, 60_000)
afterAll(() => packs.close())

const customerOf = (id: string) => ({ id, name: 'Ada', email: 'ada@example.org', notes: 'gate', tags: ['vip'] })

test('R046 there is a type for orders, job updates, customers, invoices and schedules', () => {
  const types = new Set(allOperations.map(({ type }) => type))
  for (const type of ['pos.order', 'jobs.update', 'customers.customer', 'invoices.invoice', 'schedule.update']) {
    expect(types).toContain(type)
  }
  expect(types.size).toBe(allOperations.length)
})

test('R040 R046 a customer is saved at a door, and patched in two standard forms', async () => {
  expect((await packs.ask('POST', '/api/customers', customerOf('c1'))).status).toBe(201)
  const patch = { id: 'x1', customerId: 'c1', format: 'merge-patch', patch: { phone: '123', notes: null } }
  expect((await packs.ask('PATCH', '/api/customers', patch)).status).toBe(201)
  const steps = [
    { op: 'test', path: '/name', value: 'Ada' },
    { op: 'add', path: '/tags/-', value: 'late' },
  ]
  const second = { id: 'x2', customerId: 'c1', format: 'json-patch', patch: steps }
  expect((await packs.ask('PATCH', '/api/customers', second)).status).toBe(201)
  expect(await packs.stateOf(customerKind, 'c1')).toEqual({
    id: 'c1',
    name: 'Ada',
    email: 'ada@example.org',
    phone: '123',
    tags: ['vip', 'late'],
  })
})

test.each([
  ['makes no customer of it', 'merge-patch', { name: null }, 'name'],
  ['makes another customer of it', 'merge-patch', { id: 'c9' }, 'id:'],
  ['does not hold', 'json-patch', [{ op: 'test', path: '/name', value: 'Bob' }], 'the test does not hold'],
  ['reaches for a prototype', 'json-patch', [{ op: 'add', path: '/constructor/x', value: 1 }], 'JSON Pointer'],
] as const)('F074 a patch that %s is refused with the reason', async (name, format, patch, reason) => {
  await packs.send(saveCustomer, 'c2-made', customerOf('c2'))
  const id = `bad-${name.replaceAll(' ', '-')}`
  const outcome = await packs.send(patchCustomer, id, { id, customerId: 'c2', format, patch })
  expect(outcome.outcome === 'rejected' ? outcome.problem.detail : outcome.outcome).toContain(reason)
  expect(await packs.stateOf(customerKind, 'c2')).toEqual(customerOf('c2'))
})

test('R132 two people change one customer: notes and tags of both stay, two addresses go to a person', async () => {
  const before = customerOf('c3')
  await packs.send(saveCustomer, 'c3', before)
  const base = { version: 1, state: before }
  await packs.send(saveCustomer, 'c3-a', { ...before, notes: 'gate 12', tags: ['vip', 'a'] }, { base })
  const merged = { ...before, notes: 'dog', tags: ['vip', 'b'] }
  expect(await packs.send(saveCustomer, 'c3-b', merged, { base }, 'ben')).toMatchObject({
    outcome: 'applied',
    result: { notes: `gate 12${textSeparator}dog`, tags: ['vip', 'a', 'b'] },
  })
  await packs.send(saveCustomer, 'c3-c', { ...before, email: 'a@example.org' }, { base: { version: 3, state: before } })
  const late = { ...before, email: 'b@example.org' }
  expect(await packs.send(saveCustomer, 'c3-d', late, { base }, 'ben')).toMatchObject({
    outcome: 'conflict',
    conflictFields: ['email'],
  })
})

test('R046 an invoice adds up or is refused, and is there once', async () => {
  const lines = [
    { id: 'l1', label: 'Work', amountCents: 5_000 },
    { id: 'l2', label: 'Rebate', amountCents: -500 },
  ]
  const invoice = { id: 'i1', customerId: 'c1', lines, totalCents: 4_500, timestamp: '2026-01-31T12:00:00Z' }
  expect((await packs.ask('POST', '/api/invoices', { ...invoice, id: 'i0', totalCents: 1 })).detail).toBe(
    'The total is 1 cents, but the lines come to 4500 cents.',
  )
  expect((await packs.ask('POST', '/api/invoices', invoice)).status).toBe(201)
  expect((await packs.ask('POST', '/api/invoices', invoice)).status).toBe(200)
  expect(await packs.stateOf(invoiceKind, 'i1')).toEqual({ ...invoice, createdBy: 'ana' })
})

test('R046 a visit is planned and moved, and one that ends before it begins is refused', async () => {
  const visit = { id: 's1', visitId: 'v1', startsAt: '2026-01-31T12:00:00Z', endsAt: '2026-01-31T13:00:00Z' }
  expect((await packs.ask('POST', '/api/schedule', visit)).status).toBe(201)
  await packs.send(updateSchedule, 's2', { ...visit, id: 's2', status: 'confirmed', assignedTo: 'tom' })
  expect(await packs.stateOf(visitKind, 'v1')).toMatchObject({ id: 'v1', status: 'confirmed', assignedTo: 'tom' })
  const upside = { ...visit, id: 's3', endsAt: visit.startsAt }
  expect((await packs.ask('POST', '/api/schedule', upside)).detail).toContain('endsAt')
})
