/** An order of a point of sale: its shape, its sums in whole cents, and its id. Shared by page, worker and server. */
import * as v from 'valibot'
import { amountCentsMax, cents, instant, listOf, notes, strict, text, whole } from '../schema-parts.ts'

/** The states of an order. */
export const orderStatuses: readonly ['completed', 'cancelled', 'refunded'] = ['completed', 'cancelled', 'refunded']

/** The state of an order. */
export type OrderStatus = (typeof orderStatuses)[number]

/** One line of an order. */
export type OrderItem = {
  readonly itemId: string
  readonly name: string
  readonly quantity: number
  readonly unitPriceCents: number
  readonly notes?: string
}

/** A change to an item: no onions, extra cheese. */
export type OrderModification = {
  readonly itemId: string
  readonly modification: string
  /** Added to the subtotal once; negative for a reduction. */
  readonly priceAdjustmentCents?: number
}

/** A discount on the subtotal: `value` percent of it, or `value` cents. */
export type OrderDiscount = {
  readonly type: 'percentage' | 'fixed'
  readonly value: number
  readonly reason: string
  readonly appliedBy: string
}

/** A part of the price, and the way it was paid. */
export type OrderTender = {
  readonly method: string
  readonly amountCents: number
  /** The payment that it is, where that is an operation of its own. */
  readonly paymentId?: string
}

/** An order as the device sends it. Money is in whole cents. */
export type Order = {
  /** A UUID made on the device, or an id of older devices (`offline_pos_<ms>_<suffix>`). */
  readonly id: string
  readonly items: readonly OrderItem[]
  readonly customerId?: string
  readonly tableNumber?: number
  readonly serverName: string
  readonly paymentMethod: string
  readonly subtotalCents: number
  readonly taxCents: number
  readonly totalCents: number
  /** When it was placed, ISO 8601 with its zone, by the device's clock. */
  readonly timestamp: string
  readonly status: OrderStatus
  readonly modifications?: readonly OrderModification[]
  readonly discounts?: readonly OrderDiscount[]
  /** How the total was paid, where it was paid in several ways; they come to the total. */
  readonly tenders?: readonly OrderTender[]
  readonly notes?: string
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const legacyPattern = /^offline_pos_([0-9]{1,15})_([0-9a-z]{1,11})$/

const orderId = v.pipe(
  text(64),
  v.check((id) => onlineOrderId(id) !== undefined, 'must be a UUID in lower case, or offline_pos_<ms>_<suffix>'),
)

/** The schema of an order's status. */
export const orderStatusSchema: v.GenericSchema<OrderStatus> = v.picklist(
  orderStatuses,
  'must be completed, cancelled or refunded',
)

/** The schema of an order's id; see {@link onlineOrderId}. */
export const orderIdSchema: v.GenericSchema<string> = orderId

/** The schema of an order. Sums are not its business; see {@link findSumFault}. */
export const orderSchema: v.GenericSchema<Order> = v.strictObject(
  {
    id: orderId,
    items: listOf<OrderItem>(
      v.strictObject(
        {
          itemId: text(100),
          name: text(200),
          quantity: whole(1, 10_000),
          unitPriceCents: cents(),
          notes: v.exactOptional(notes()),
        },
        strict,
      ),
      1,
      200,
    ),
    customerId: v.exactOptional(text(100)),
    tableNumber: v.exactOptional(whole(0, 100_000)),
    serverName: text(200),
    paymentMethod: text(40),
    subtotalCents: whole(0, Number.MAX_SAFE_INTEGER),
    taxCents: cents(),
    totalCents: whole(0, Number.MAX_SAFE_INTEGER),
    timestamp: instant(),
    status: orderStatusSchema,
    modifications: v.exactOptional(
      listOf<OrderModification>(
        v.strictObject(
          {
            itemId: text(100),
            modification: text(200),
            priceAdjustmentCents: v.exactOptional(whole(-amountCentsMax, amountCentsMax)),
          },
          strict,
        ),
        0,
        200,
      ),
    ),
    discounts: v.exactOptional(
      listOf<OrderDiscount>(
        v.strictObject(
          {
            type: v.picklist(['percentage', 'fixed'], 'must be percentage or fixed'),
            value: v.pipe(
              v.number('must be a number'),
              v.finite('must be a number'),
              v.minValue(0, 'must be 0 or more'),
              v.maxValue(amountCentsMax, `must be at most ${amountCentsMax}`),
            ),
            reason: text(200),
            appliedBy: text(200),
          },
          strict,
        ),
        0,
        20,
      ),
    ),
    tenders: v.exactOptional(
      listOf<OrderTender>(
        v.strictObject({ method: text(40), amountCents: cents(), paymentId: v.exactOptional(text(64)) }, strict),
        1,
        20,
      ),
    ),
    notes: v.exactOptional(notes()),
  },
  strict,
)

/** The parts of an order that its sums come from. */
export type OrderParts = Pick<Order, 'items' | 'taxCents' | 'modifications' | 'discounts'>

/** The sums of an order, in whole cents. */
export interface OrderSums {
  readonly subtotalCents: number
  readonly discountCents: number
  readonly totalCents: number
}

/**
 * Adds an order up: items and price adjustments make the subtotal; discounts are each taken from the subtotal, a
 * percentage rounded to the nearest cent, and never make less than nothing; then tax is added.
 */
export function sumOrder({ items, taxCents, modifications = [], discounts = [] }: OrderParts): OrderSums {
  const itemCents = items.reduce((sum, { quantity, unitPriceCents }) => sum + quantity * unitPriceCents, 0)
  const adjustmentCents = modifications.reduce((sum, { priceAdjustmentCents = 0 }) => sum + priceAdjustmentCents, 0)
  const subtotalCents = Math.max(itemCents + adjustmentCents, 0)
  const wantedCents = discounts.reduce(
    (sum, { type, value }) => sum + Math.round(type === 'percentage' ? (subtotalCents * value) / 100 : value),
    0,
  )
  const discountCents = Math.min(wantedCents, subtotalCents)
  return { subtotalCents, discountCents, totalCents: subtotalCents - discountCents + taxCents }
}

/** What is wrong with an order's sums, for the person who placed it; `undefined` when they are right. */
export function findSumFault(order: Order): string | undefined {
  const { subtotalCents, totalCents } = sumOrder(order)
  if (order.subtotalCents !== subtotalCents) {
    return `The subtotal is ${order.subtotalCents} cents, but the items come to ${subtotalCents} cents.`
  }
  if (order.totalCents !== totalCents) {
    return `The total is ${order.totalCents} cents, but items, discounts and tax come to ${totalCents} cents.`
  }
  const paidCents = order.tenders?.reduce((sum, { amountCents }) => sum + amountCents, 0) ?? totalCents
  if (paidCents !== totalCents) return `The total is ${totalCents} cents, but ${paidCents} cents were paid.`
  return undefined
}

/**
 * The id that an order has on the server: its own, or, for an id of older devices, the one UUID that time and suffix
 * spell out. Two such ids never give the same UUID, and the same id always gives the same. `undefined` for any other.
 */
export function onlineOrderId(id: string): string | undefined {
  if (uuidPattern.test(id)) return id
  const [, time, suffix] = legacyPattern.exec(id) ?? []
  if (time === undefined || suffix === undefined || Number(time) >= 2 ** 48) return undefined
  // Leading zeros would be lost: such a time was never made by a clock.
  if (String(Number(time)) !== time) return undefined
  // Base 37, in which no digit is zero: suffixes of different lengths stay different. 37^11 is less than 2^58.
  let digits = 0n
  for (const character of suffix) digits = digits * 37n + BigInt(Number.parseInt(character, 36) + 1)
  const timeHex = Number(time).toString(16).padStart(12, '0')
  const digitsHex = digits.toString(16).padStart(15, '0')
  return `${timeHex.slice(0, 8)}-${timeHex.slice(8)}-8000-8${digitsHex.slice(0, 3)}-${digitsHex.slice(3)}`
}
