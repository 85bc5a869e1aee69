import type { Order } from '@holdfast/domains/pos/operations'
import { expect, it } from 'vitest'
import { editableOrder, editedOrder, editOf, refusedField } from './edit-order.ts'

const order: Order = {
  id: '01890000-0000-7000-8000-000000000001',
  items: [
    { itemId: 'soup', name: 'Soup', quantity: 2, unitPriceCents: 500 },
    { itemId: 'tea', name: 'Tea', quantity: 1, unitPriceCents: 300 },
  ],
  tableNumber: 4,
  serverName: 'Ana',
  paymentMethod: 'card',
  subtotalCents: 1300,
  taxCents: 117,
  totalCents: 1417,
  timestamp: '2026-11-20T12:00:00.000Z',
  status: 'completed',
}

it('leaves an order as it is when nothing was changed', () => {
  expect(editedOrder(order, editOf(order))).toEqual(order)
})

it('takes an item off, changes the table, and adds up anew with the same share of tax', () => {
  expect(editedOrder(order, { quantities: ['3', '0'], table: '', note: ' no salt ' })).toEqual({
    ...order,
    tableNumber: undefined,
    items: [{ itemId: 'soup', name: 'Soup', quantity: 3, unitPriceCents: 500 }],
    subtotalCents: 1500,
    taxCents: 135,
    totalCents: 1635,
    notes: 'no salt',
  })
})

it.each([
  { quantities: ['0', '0'], table: '', note: '' },
  { quantities: ['1', 'x'], table: '', note: '' },
  { quantities: ['1', '-1'], table: '', note: '' },
  { quantities: ['1', '1'], table: '1000', note: '' },
])('has nothing to send while the form is wrong: %j', (edit) => {
  expect(editedOrder(order, edit)).toBeUndefined()
})

it('gives the form only an order whose price follows from its items', () => {
  expect(editableOrder('pos.order', { ...order, items: [...order.items] })).toEqual(order)
  const discounts = [{ type: 'fixed', value: 1, reason: 'x', appliedBy: 'y' }] as const
  expect(editableOrder('pos.order', { ...order, items: [...order.items], discounts: [...discounts] })).toBeUndefined()
  expect(editableOrder('pos.refund', { ...order, items: [...order.items] })).toBeUndefined()
  expect(editableOrder('pos.order', null)).toBeUndefined()
})

it('finds the field that a refusal names', () => {
  expect(refusedField({ pointer: '/operations/0/payload/items/1/itemId' })).toBe('items')
  expect(refusedField({ pointer: '/tableNumber' })).toBe('table')
  expect(refusedField({ pointer: '/notes' })).toBe('note')
  expect(refusedField({})).toBeUndefined()
})
