import { findSumFault } from '@holdfast/domains/pos/operations'
import { describe, expect, it } from 'vitest'
import { placeOrder } from '../operations.ts'
import {
  changeQuantity,
  emptyCart,
  orderOf,
  orderRandomBytes,
  quantityMax,
  readTable,
  totalsOf,
  type Cart,
} from './cart.ts'
import { findItems, menu } from './menu.ts'

const making = {
  serverName: 'Ana',
  nowMs: Date.UTC(2026, 10, 20, 14),
  random: new Uint8Array(orderRandomBytes).fill(7),
}
const lunch: Cart = [
  ['club-sandwich', 2],
  ['espresso', 3],
  ['lemon-tart', 1],
].reduce<Cart>((cart, [id, pieces]) => changeQuantity(cart, String(id), Number(pieces)), emptyCart)

it('adds up in whole cents', () => {
  // 2 × 11.50 + 3 × 2.80 + 5.80 = 37.20; 9 % of it is 3.348.
  expect(totalsOf(lunch)).toMatchObject({ pieces: 6, subtotalCents: 3720, taxCents: 335, totalCents: 4055 })
  expect(totalsOf(emptyCart)).toMatchObject({ pieces: 0, subtotalCents: 0, taxCents: 0, totalCents: 0 })
})

it('takes an item out with its last piece, and stops at the most', () => {
  expect(changeQuantity(lunch, 'lemon-tart', -1).quantities.has('lemon-tart')).toBe(false)
  expect(changeQuantity(lunch, 'espresso', 500).quantities.get('espresso')).toBe(quantityMax)
  expect(changeQuantity(emptyCart, 'espresso', -1).quantities.size).toBe(0)
})

it('makes an order that the server takes, sums included', async () => {
  const made = orderOf({ ...lunch, table: ' 12 ', note: ' no onions ' }, making)
  if (made === undefined) throw new Error('no order')
  const checked = await placeOrder.payload['~standard'].validate(made.order)
  expect(checked.issues).toBeUndefined()
  expect(findSumFault(made.order)).toBeUndefined()
  expect(made.order).toMatchObject({ id: made.id, tableNumber: 12, notes: 'no onions', totalCents: 4055 })
})

it('makes no order of an empty cart or for a table that is none', () => {
  expect(orderOf(emptyCart, making)).toBeUndefined()
  expect(orderOf({ ...lunch, table: 'seven' }, making)).toBeUndefined()
})

describe('a table is a whole number from 1 to 999, or none', () => {
  it.each([
    ['', { table: undefined }],
    [' 7 ', { table: 7 }],
    ['999', { table: 999 }],
    ['0', 'fault'],
    ['1000', 'fault'],
    ['1.5', 'fault'],
    ['-1', 'fault'],
    ['bar', 'fault'],
  ])('%j', (text, expected) => {
    expect(readTable(text)).toEqual(expected)
  })
})

it('finds items by category and by every word of a search', () => {
  expect(findItems(menu, 'Drinks', '').map(({ category }) => category)).not.toContain('Mains')
  expect(findItems(menu, undefined, 'white FLAT').map(({ id }) => id)).toEqual(['flat-white'])
  expect(findItems(menu, 'Sweets', 'espresso')).toEqual([])
})

it('gives every item of the menu an id of its own', () => {
  expect(new Set(menu.map(({ id }) => id)).size).toBe(menu.length)
})
