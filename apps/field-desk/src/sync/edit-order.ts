/** Changing an order that was refused. Pure: the order in, the changed order out, its sums by the server's own rule. */
import type { Json, Problem } from '@holdfast/core'
import { sumOrder, type Order } from '@holdfast/domains/pos/operations'
import { shareOfCents } from '../money.ts'
import { noteMax, quantityMax, readTable } from '../orders/cart.ts'
import { placeOrder } from '../operations.ts'

/** What a person can change of an order. Kept as typed. */
export interface OrderEdit {
  /** One for each item, in its order; 0 takes it off. */
  readonly quantities: readonly string[]
  readonly table: string
  readonly note: string
}

/** A field of the form that the server has something against. */
export type OrderField = 'items' | 'table' | 'note'

/** The order that the form can change: one whose price follows from its items alone. Others are changed as text. */
export function editableOrder(type: string, payload: Json | undefined): Order | undefined {
  if (type !== placeOrder.type) return undefined
  const read = placeOrder.payload['~standard'].validate(payload)
  if (read instanceof Promise || read.issues !== undefined) return undefined
  const { discounts, modifications, tenders } = read.value
  return discounts === undefined && modifications === undefined && tenders === undefined ? read.value : undefined
}

/** The form as it is opened. */
export function editOf({ items, tableNumber, notes }: Order): OrderEdit {
  return {
    quantities: items.map(({ quantity }) => String(quantity)),
    table: tableNumber === undefined ? '' : String(tableNumber),
    note: notes ?? '',
  }
}

/** Reads a number of pieces: 0 to 99, or `undefined`. */
export function readQuantity(text: string): number | undefined {
  return /^\d{1,2}$/.test(text.trim()) && Number(text) <= quantityMax ? Number(text) : undefined
}

/** The changed order, or `undefined` while the form cannot be sent. The share of the tax stays what it was. */
export function editedOrder(order: Order, edit: OrderEdit): Order | undefined {
  const read = readTable(edit.table)
  const quantities = edit.quantities.map(readQuantity)
  if (read === 'fault' || !quantities.every((quantity) => quantity !== undefined)) return undefined
  const items = order.items
    .map((item, index) => ({ ...item, quantity: quantities[index] ?? 0 }))
    .filter(({ quantity }) => quantity > 0)
  if (items.length === 0) return undefined
  const { subtotalCents } = sumOrder({ items, taxCents: 0 })
  const basisPoints = order.subtotalCents === 0 ? 0 : (order.taxCents * 10_000) / order.subtotalCents
  const isSame = subtotalCents === order.subtotalCents
  const taxCents = isSame ? order.taxCents : shareOfCents(subtotalCents, Math.round(basisPoints))
  const { tableNumber: _table, notes: _notes, ...rest } = order
  const note = edit.note.trim().slice(0, noteMax)
  return {
    ...rest,
    items,
    subtotalCents,
    taxCents,
    totalCents: sumOrder({ items, taxCents }).totalCents,
    ...(read.table !== undefined && { tableNumber: read.table }),
    ...(note !== '' && { notes: note }),
  }
}

/** The field that a refusal is about, where it says so and the form has it. */
export function refusedField({ pointer }: Pick<Problem, 'pointer'>): OrderField | undefined {
  const parts = pointer?.split('/') ?? []
  if (parts.includes('items')) return 'items'
  if (parts.includes('tableNumber')) return 'table'
  return parts.includes('notes') ? 'note' : undefined
}
