/** The operations of a point of sale: shared by page, service worker and server. */
import {
  defineLane,
  defineOperation,
  exponential,
  type EntityRef,
  type Lane,
  type OperationDefinition,
  type PolicyOptions,
} from '@holdfast/core'
import * as v from 'valibot'
import {
  notesSchema,
  onlineOrderId,
  orderIdSchema,
  orderSchema,
  orderStatusSchema,
  type Order,
  type OrderStatus,
} from './order.ts'

export {
  amountCentsMax,
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
} from './order.ts'

/** A change of an order's status, its notes, or both. */
export type OrderStatusChange = {
  readonly orderId: string
  readonly status?: OrderStatus
  readonly notes?: string
}

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
        notes: v.exactOptional(notesSchema),
      },
      'must be an object with exactly the known fields',
    ),
    v.check(({ status, notes }) => status !== undefined || notes !== undefined, 'must change the status or the notes'),
  ),
  lane: (change) => orderLane(knownAs(change.orderId)),
  entity: (change) => orderRef(change.orderId),
  policy: orderPolicy,
})

/** All operations of the pack. */
export const posOperations: readonly [typeof placeOrder, typeof changeOrderStatus] = [placeOrder, changeOrderStatus]

function orderRef(id: string): EntityRef {
  return { kind: orderKind, id: knownAs(id) }
}

/** The schema has refused every id that has no online form. */
function knownAs(id: string): string {
  return onlineOrderId(id) ?? id
}
