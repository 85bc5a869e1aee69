/** The operations of a point of sale: shared by page, service worker and server. */
import {
  defineLane,
  defineOperation,
  exponential,
  type AnyOperationDefinition,
  type EntityRef,
  type Lane,
  type OperationDefinition,
  type PolicyOptions,
} from '@holdfast/core'
import * as v from 'valibot'
import { onlineOrderId, orderIdSchema, orderSchema, orderStatusSchema, type Order, type OrderStatus } from './order.ts'
import { amountCentsMax, instant, listOf, notes, recordId, strict, text, whole } from '../schema-parts.ts'

export { amountCentsMax } from '../schema-parts.ts'
export { receiptLines } from './receipt-lines.ts'
export {
  findSumFault,
  onlineOrderId,
  orderStatuses,
  sumOrder,
  type Order,
  type OrderDiscount,
  type OrderItem,
  type OrderModification,
  type OrderParts,
  type OrderStatus,
  type OrderSums,
  type OrderTender,
} from './order.ts'

/** A change of an order's status, its notes, or both. */
export type OrderStatusChange = {
  readonly orderId: string
  readonly status?: OrderStatus
  readonly notes?: string
}

/** Gives money of an order back: all that is left of it, or a part. */
export type OrderRefund = {
  readonly id: string
  readonly orderId: string
  readonly amountCents: number
  readonly reason: string
  readonly refundedBy: string
}

/** Takes an order back before anything of it was refunded. */
export type OrderCancellation = {
  readonly id: string
  readonly orderId: string
  readonly reason: string
  readonly cancelledBy: string
}

/** What the customer takes home: made offline from the order, sent after it. */
export type Receipt = {
  readonly id: string
  /** The order's id; a reference to it where the server has yet to give it one. */
  readonly orderId: string
  readonly totalCents: number
  readonly issuedAt: string
  /** The printed lines. */
  readonly lines: readonly string[]
  readonly email?: string
}

/** The kind of entity that a receipt is. */
export const receiptKind = 'receipt'

/** The kind of entity that an order is. */
export const orderKind = 'order'

/** One lane per order: what happens to an order happens in order, and orders never wait for one another. */
export const orderLane: (id: string) => Lane = defineLane('order', { priority: 'high', onDead: 'block' })

const orderPolicy: PolicyOptions = {
  batch: { max: 10, lingerMs: 30_000 },
  // Waits of 30, 60, 120, 240 and 480 s; the default cap of five minutes would cut the last one.
  retry: exponential({ baseMs: 30_000, capMs: 480_000, attempts: 6 }),
  conflict: 'manual',
}

/** Places an order. */
export const placeOrder: OperationDefinition<Order> = defineOperation({
  type: 'pos.order',
  version: 1,
  payload: orderSchema,
  lane: (order) => orderLane(knownAs(order.id)),
  entity: (order) => orderRef(order.id),
  policy: orderPolicy,
})

/** Changes the status or the notes of an order that was placed before. */
export const changeOrderStatus: OperationDefinition<OrderStatusChange> = defineOperation({
  type: 'pos.order-status',
  version: 1,
  payload: v.pipe(
    v.strictObject(
      {
        orderId: orderIdSchema,
        status: v.exactOptional(orderStatusSchema),
        notes: v.exactOptional(notes()),
      },
      strict,
    ),
    v.check(({ status, notes }) => status !== undefined || notes !== undefined, 'must change the status or the notes'),
  ),
  lane: (change) => orderLane(knownAs(change.orderId)),
  entity: (change) => orderRef(change.orderId),
  policy: orderPolicy,
})

/** Gives money back. */
export const refundOrder: OperationDefinition<OrderRefund> = defineOperation({
  type: 'pos.refund',
  version: 1,
  payload: v.strictObject(
    {
      id: recordId(),
      orderId: orderIdSchema,
      amountCents: whole(1, amountCentsMax),
      reason: text(200),
      refundedBy: text(200),
    },
    strict,
  ),
  lane: ({ orderId }) => orderLane(knownAs(orderId)),
  entity: ({ orderId }) => orderRef(orderId),
  policy: orderPolicy,
})

/** Takes an order back. */
export const cancelOrder: OperationDefinition<OrderCancellation> = defineOperation({
  type: 'pos.cancel',
  version: 1,
  payload: v.strictObject(
    { id: recordId(), orderId: orderIdSchema, reason: text(200), cancelledBy: text(200) },
    strict,
  ),
  lane: ({ orderId }) => orderLane(knownAs(orderId)),
  entity: ({ orderId }) => orderRef(orderId),
  policy: orderPolicy,
})

const receiptLane = defineLane('receipt', { priority: 'medium', onDead: 'skip' })

/** Sends a receipt; enqueue it with `after: [order]`. */
export const sendReceipt: OperationDefinition<Receipt> = defineOperation({
  type: 'pos.receipt',
  version: 1,
  payload: v.strictObject(
    {
      id: recordId(),
      orderId: orderIdSchema,
      totalCents: whole(0, Number.MAX_SAFE_INTEGER),
      issuedAt: instant(),
      lines: listOf<string>(
        v.pipe(v.string('must be text'), v.maxLength(200, 'must have at most 200 characters')),
        1,
        500,
      ),
      email: v.exactOptional(v.pipe(text(200), v.includes('@', 'must be an address with an @'))),
    },
    strict,
  ),
  lane: ({ id }) => receiptLane(id),
  entity: ({ id }) => ({ kind: receiptKind, id }),
  policy: { retry: exponential({ baseMs: 30_000, capMs: 480_000, attempts: 6 }), conflict: 'manual' },
})

/** All operations of the pack. */
export const posOperations: readonly AnyOperationDefinition[] = [
  placeOrder,
  changeOrderStatus,
  refundOrder,
  cancelOrder,
  sendReceipt,
]

function orderRef(id: string): EntityRef {
  return { kind: orderKind, id: knownAs(id) }
}

/** The schema has refused every id that has no online form. */
function knownAs(id: string): string {
  return onlineOrderId(id) ?? id
}
