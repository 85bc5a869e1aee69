/** Whatever the type: data that does not fit is refused with the name of its field, on the device and at the server. */
import { describeIssues, type AnyOperationDefinition, type JsonObject } from '@holdfast/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { allOperations, openPacks, type Packs } from './packs.fixture.ts'
import { orderOf } from './pos/orders.fixture.ts'

let packs: Packs
beforeAll(async () => {
  packs = await openPacks()
}, 60_000)
afterAll(() => packs.close())

const at = '2026-01-31T12:00:00Z'
const orderId = orderOf().id
const update = { id: 'u1', jobId: 'j1', technicianId: 'tom', timestamp: at }

/** Data that fits, by type. */
const fitting: { readonly [type: string]: JsonObject } = {
  'pos.order': { ...orderOf() },
  'pos.order-status': { orderId, status: 'refunded' },
  'pos.refund': { id: 'x', orderId, amountCents: 1, reason: 'cold', refundedBy: 'Ana' },
  'pos.cancel': { id: 'x', orderId, reason: 'left', cancelledBy: 'Ana' },
  'pos.receipt': { id: 'x', orderId, totalCents: 1, issuedAt: at, lines: ['x'] },
  'payments.payment': {
    id: 'x',
    orderId: 'o',
    amountCents: 1,
    method: 'cash',
    timestamp: at,
    needsVerification: false,
  },
  'payments.refund': { id: 'x', paymentId: 'p', reason: 'burnt' },
  'jobs.status': { ...update, status: 'assigned' },
  'jobs.location': { ...update, coordinates: { lat: 0, lng: 0 } },
  'jobs.notes': { ...update, notes: 'x' },
  'jobs.parts': { ...update, partsUsed: [{ id: 'p', name: 'Valve', quantity: 1 }] },
  'jobs.update': { ...update, data: { mood: 1 } },
  'jobs.completion': { ...update, photos: [], signature: '/s', finalNotes: 'x', laborHours: 1, totalCostCents: 1 },
  'industries.hs': { id: 'x', jobId: 'j' },
  'industries.rest': { id: 'x', orderId: 'o' },
  'industries.auto': { id: 'x', workOrderId: 'w' },
  'industries.ret': { id: 'x', transactionId: 't' },
  'customers.customer': { id: 'x', name: 'Ada', email: 'a@b', tags: ['x'] },
  'customers.patch': { id: 'x', customerId: 'c', format: 'merge-patch', patch: {} },
  'invoices.invoice': { id: 'x', lines: [{ id: 'l', label: 'Work', amountCents: 1 }], totalCents: 1, timestamp: at },
  'schedule.update': { id: 'x', visitId: 'v', startsAt: at, endsAt: '2026-02-01T12:00:00Z' },
  'preferences.set': { id: 'x', userId: 'ana', preferences: {} },
  'analytics.event': { id: 'x', name: 'opened', timestamp: at, properties: {}, weight: 1 },
  'forms.submission': { id: 'x', fields: { a: 'b' }, metadata: { formId: 'f', type: 'form' } },
}

/** What an industry requires beside the data above. */
const required = { technicianId: 't', tableId: 0, bayId: 0, storeId: 0, timestamp: at, status: 'open', type: 'sale' }

async function faultOf(definition: AnyOperationDefinition, payload: unknown): Promise<string | undefined> {
  const checked = await definition.payload['~standard'].validate(payload)
  return checked.issues === undefined ? undefined : describeIssues(checked.issues)
}

test.each(allOperations.map((definition) => [definition.type, definition] as const))(
  'bad data for %s is refused with the name of its field, on the device and at the server',
  async (type, definition) => {
    const own = fitting[type] ?? {}
    const good = type.startsWith('industries.') ? { ...required, ...own } : own
    expect(await faultOf(definition, good)).toBeUndefined()
    for (const name of Object.keys(own)) {
      for (const bad of [
        { ...good, [name]: ['x', [7]] },
        { ...good, [name]: null },
      ]) {
        expect(await faultOf(definition, bad), name).toMatch(new RegExp(`^${name}\\b`))
      }
    }
    for (const odd of [null, 7, 'x', []]) expect(await faultOf(definition, odd)).toBeDefined()
    const [first = ''] = Object.keys(own)
    const lane = definition.lane(good).key
    const entity = definition.entity?.(good)
    const wire = { type, version: 1, lane, ...(entity !== undefined && { entity }) }
    const outcome = await packs.send(
      bearing(definition),
      `bad-${type}`,
      {},
      { ...wire, payload: { ...good, [first]: null } },
    )
    expect(outcome).toMatchObject({ outcome: 'rejected', problem: { status: 422 } })
    expect(outcome.outcome === 'rejected' ? outcome.problem.detail : '').toMatch(new RegExp(`^${first}\\b`))
  },
)

test('every type that a client may send stands in the table', () => {
  expect(Object.keys(fitting).toSorted()).toEqual(allOperations.map(({ type }) => type).toSorted())
})

/** A stand-in that lets anything through to the wire, where the real type is named again. */
function bearing({ type, version, policyFor }: AnyOperationDefinition) {
  const anything = { '~standard': { version: 1, vendor: 'tests', validate: () => ({ value: {} }) } } as const
  return {
    type,
    version,
    policyFor,
    payload: anything,
    lane: () => ({ key: 'x:y', priority: 'high', onDead: 'block' }) as const,
  }
}
