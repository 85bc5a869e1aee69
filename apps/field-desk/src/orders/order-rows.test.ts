import type { EntryView } from '@holdfast/client'
import { parseOperationId, type DeliveryState } from '@holdfast/core'
import { expect, it } from 'vitest'
import { placeOrder } from '../operations.ts'
import { filterRows, orderRows } from './order-rows.ts'
import { parseServerOrders, type ShownOrder } from './server-orders.ts'

const idOf = (name: string) => {
  const id = parseOperationId(name)
  if (id === undefined) throw new Error(name)
  return id
}
const order = (id: string, placedAtMs: number): ShownOrder => ({
  id,
  items: [{ name: 'Espresso', quantity: 1 }],
  tableNumber: undefined,
  serverName: 'Ana',
  totalCents: 305,
  notes: undefined,
  placedAtMs,
})
const entry = (id: string, state: DeliveryState, orderId = id): EntryView => ({
  id: idOf(id),
  type: placeOrder.type,
  lane: `order:${orderId}`,
  state,
  createdAtMs: 1,
  attempts: [],
  droppedAttempts: 0,
  replaces: [],
  isSkipped: false,
  canUndo: false,
  isParked: false,
  isCancel: false,
  ...(state.kind === 'applied' || state.kind === 'discarded'
    ? { settledAtMs: 5 }
    : { payload: { id: orderId, items: [], serverName: 'Ana', totalCents: 305, timestamp: '2026-11-20T14:00:00Z' } }),
})
const queued: DeliveryState = { kind: 'queued' }
const applied: DeliveryState = { kind: 'applied', applied: { outcome: 'applied' } }
const superseded: DeliveryState = { kind: 'discarded', cause: 'superseded', by: idOf('x'), isCertain: true }
const dead: DeliveryState = { kind: 'dead', attempts: 1, reason: { kind: 'too-large' } }
const nothing = { entries: [], server: undefined, placed: new Map<string, ShownOrder>() }

it('I12 lets the entry speak for its order until it is settled, even when the server lists the order already', () => {
  const server = { orders: [order('a', 1)], fetchedAtMs: 9 }
  const [row] = orderRows({ ...nothing, entries: [entry('a', queued)], server })
  expect(row?.entry?.state.kind).toBe('queued')
})

it('shows every order once, latest first', () => {
  const server = { orders: [order('b', 2), order('a', 1)], fetchedAtMs: 9 }
  const rows = orderRows({ ...nothing, entries: [entry('c', queued), entry('b', applied)], server })
  expect(rows.map((row) => row.order.id)).toEqual(['c', 'b', 'a'])
})

it('keeps an order in view between its acknowledgement and the next list of the server', () => {
  const placed = new Map([['a', order('a', 1)]])
  const [row] = orderRows({ ...nothing, entries: [entry('a', applied)], placed })
  expect(row?.entry?.state.kind).toBe('applied')
})

it('shows the new try in place of the one it replaces', () => {
  const entries = [entry('again', queued, 'a'), entry('a', superseded)]
  for (const list of [entries, entries.toReversed()]) {
    const placed = new Map([['a', order('a', 1)]])
    const rows = orderRows({ ...nothing, entries: list, placed })
    expect(rows.map((row) => row.entry?.id)).toEqual(['again'])
  }
})

it('I12 leaves out the news of a discard, which is no order: also once the server has it', () => {
  expect(orderRows({ ...nothing, entries: [{ ...entry('a', queued), isCancel: true }] })).toEqual([])
  const taken: DeliveryState = { kind: 'discarded', cause: 'person', by: idOf('news'), isCertain: true }
  const placed = new Map([['a', order('a', 1)]])
  const rows = orderRows({ ...nothing, entries: [entry('news', applied, 'a'), entry('a', taken)], placed })
  expect(rows.map((row) => row.entry?.state.kind)).toEqual(['discarded'])
})

it('filters by what is not settled and by what needs a person', () => {
  const rows = orderRows({
    ...nothing,
    entries: [entry('a', queued), entry('b', dead)],
    server: { orders: [order('c', 1)], fetchedAtMs: 9 },
  })
  const ids = (filter: 'all' | 'open' | 'needs-you') =>
    filterRows(rows, filter)
      .map((row) => row.order.id)
      .toSorted()
  expect(ids('all')).toEqual(['a', 'b', 'c'])
  expect(ids('open')).toEqual(['a', 'b'])
  expect(ids('needs-you')).toEqual(['b'])
})

it('reads the list that was kept, and nothing that is not one', () => {
  const kept = { orders: [order('a', 1)], fetchedAtMs: 9 }
  expect(parseServerOrders(JSON.parse(JSON.stringify(kept)))).toEqual(kept)
  for (const value of [null, [], { orders: [{}], fetchedAtMs: 1 }, { orders: [] }]) {
    expect(parseServerOrders(value)).toBeUndefined()
  }
})
