/** The cart: what will be ordered. Pure; money is whole cents. */
import { operationIdFrom, operationIdRandomBytes } from '@holdfast/core'
import { sumOrder, type Order } from '@holdfast/domains/pos/operations'
import { shareOfCents } from '../money.ts'
import { menu, taxBasisPoints, type MenuItem } from './menu.ts'

/** How a bill can be paid. */
export const paymentMethods = ['cash', 'card'] as const

/** The cart, and what else belongs to the order. Kept as typed: a table is text until the order is placed. */
export interface Cart {
  /** Pieces by item id, in the order in which the items were first added. */
  readonly quantities: ReadonlyMap<string, number>
  readonly table: string
  readonly note: string
  readonly paymentMethod: (typeof paymentMethods)[number]
}

/** One line of the cart. */
export interface CartLine {
  readonly item: MenuItem
  readonly quantity: number
  readonly lineCents: number
}

/** The bill. */
export interface CartTotals {
  readonly lines: readonly CartLine[]
  readonly pieces: number
  readonly subtotalCents: number
  readonly taxCents: number
  readonly totalCents: number
}

/** A cart with nothing in it. */
export const emptyCart: Cart = { quantities: new Map(), table: '', note: '', paymentMethod: 'card' }

/** Most pieces of one item: more is a slip of the finger. */
export const quantityMax = 99

/** Longest note, in characters. */
export const noteMax = 500

/** The cart with so many pieces of an item more, or fewer. */
export function changeQuantity(cart: Cart, itemId: string, change: number): Cart {
  const quantities = new Map(cart.quantities)
  const quantity = Math.min((quantities.get(itemId) ?? 0) + change, quantityMax)
  if (quantity > 0) quantities.set(itemId, quantity)
  else quantities.delete(itemId)
  return { ...cart, quantities }
}

/** Adds the cart up, by the same rule as the server does. */
export function totalsOf(cart: Cart): CartTotals {
  const lines = [...cart.quantities].flatMap(([id, quantity]) => {
    const item = menu.find((candidate) => candidate.id === id)
    return item === undefined ? [] : [{ item, quantity, lineCents: item.priceCents * quantity }]
  })
  const items = itemsOf(lines)
  const { subtotalCents } = sumOrder({ items, taxCents: 0 })
  const taxCents = shareOfCents(subtotalCents, taxBasisPoints)
  const pieces = lines.reduce((sum, { quantity }) => sum + quantity, 0)
  return { lines, pieces, subtotalCents, taxCents, totalCents: sumOrder({ items, taxCents }).totalCents }
}

/** Reads the table: a whole number from 1 to 999, `undefined` for none, or a fault. */
export function readTable(text: string): { readonly table: number | undefined } | 'fault' {
  const trimmed = text.trim()
  if (trimmed === '') return { table: undefined }
  return /^[1-9]\d{0,2}$/.test(trimmed) ? { table: Number(trimmed) } : 'fault'
}

/** What an order is made with besides the cart. */
export interface OrderMaking {
  readonly serverName: string
  readonly nowMs: number
  readonly random: Uint8Array
}

/** How many random bytes an order's id takes. */
export const orderRandomBytes = operationIdRandomBytes

/**
 * Makes the order. Its id is also the id of the operation that places it, and sorts by time.
 *
 * @returns `undefined` when the cart is empty or its table is none
 */
export function orderOf(cart: Cart, { serverName, nowMs, random }: OrderMaking) {
  const totals = totalsOf(cart)
  const read = readTable(cart.table)
  if (totals.lines.length === 0 || read === 'fault') return undefined
  const id = operationIdFrom(nowMs, random)
  const note = cart.note.trim()
  const order: Order = {
    id,
    items: itemsOf(totals.lines),
    ...(read.table !== undefined && { tableNumber: read.table }),
    serverName,
    paymentMethod: cart.paymentMethod,
    subtotalCents: totals.subtotalCents,
    taxCents: totals.taxCents,
    totalCents: totals.totalCents,
    timestamp: new Date(nowMs).toISOString(),
    status: 'completed',
    ...(note !== '' && { notes: note }),
  }
  return { id, order }
}

function itemsOf(lines: readonly CartLine[]): Order['items'] {
  return lines.map(({ item, quantity }) => ({
    itemId: item.id,
    name: item.name,
    quantity,
    unitPriceCents: item.priceCents,
  }))
}
