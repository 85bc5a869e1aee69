/** What happens to orders: pure deciders over an order as it is now. */
import { isList, isRecord, type Json } from '@holdfast/core'
import { applied, decide, effect, on, refused, type Handler } from '@holdfast/server'
import { cancelOrder, changeOrderStatus, orderKind, placeOrder, refundOrder, sendReceipt } from './operations.ts'
import { findSumFault, onlineOrderId } from './order.ts'

const onPlaceOrder: Handler = on(
  placeOrder,
  decide(({ payload: order }, existing, { user }) => {
    const id = onlineOrderId(order.id) ?? order.id
    if (existing !== undefined) return refused(`Order ${id} is on the server already. A new order needs a new id.`)
    const sumFault = findSumFault(order)
    if (sumFault !== undefined) return refused(sumFault)
    const offlineId = order.id === id ? {} : { offlineId: order.id }
    return applied({ ...order, id, ...offlineId, placedBy: user }, { ids: { order: id } })
  }),
)

const onChangeOrderStatus: Handler = on(
  changeOrderStatus,
  decide(({ payload: { orderId, status, notes } }, existing) => {
    const state = existing?.state
    if (!isRecord(state)) return refused(`There is no order ${orderId} on the server.`)
    const { status: statusNow } = state
    if (status !== undefined && status !== statusNow && (statusNow === 'cancelled' || statusNow === 'refunded')) {
      return refused(`The order is ${statusNow}, and that is final.`)
    }
    return applied({ ...state, ...(status !== undefined && { status }), ...(notes !== undefined && { notes }) })
  }),
)

const onRefundOrder: Handler = on(
  refundOrder,
  decide(({ payload: { orderId, ...refund } }, existing) => {
    const state = existing?.state
    if (!isRecord(state)) return refused(`There is no order ${orderId} on the server.`)
    if (state['status'] !== 'completed') return refused('The order is cancelled or refunded, and that is final.')
    const refunds = refundsOf(state['refunds'])
    if (refunds.some((before) => isRecord(before) && before['id'] === refund.id)) {
      return refused(`Refund ${refund.id} has been given. A new refund needs a new id.`)
    }
    const givenCents = refunds.reduce<number>((sum, before) => sum + centsOf(before), 0)
    const leftCents = Number(state['totalCents']) - givenCents
    if (refund.amountCents > leftCents) {
      return refused(`Only ${leftCents} cents of the order are left to give back, not ${refund.amountCents}.`)
    }
    const status = refund.amountCents === leftCents ? 'refunded' : 'completed'
    return applied({ ...state, status, refunds: [...refunds, refund] })
  }),
)

const onCancelOrder: Handler = on(
  cancelOrder,
  decide(({ payload: { orderId, ...cancellation } }, existing) => {
    const state = existing?.state
    if (!isRecord(state)) return refused(`There is no order ${orderId} on the server.`)
    if (state['status'] !== 'completed') return refused('The order is cancelled or refunded, and that is final.')
    if (refundsOf(state['refunds']).length > 0) return refused('Money of the order was given back: refund the rest.')
    return applied({ ...state, status: 'cancelled', cancellation })
  }),
)

const orderTotalSql = `
select (e.state ->> 'totalCents')::float8 as total_cents from holdfast.entities e
where e.tenant = $1 and e.kind = $2 and e.id = $3 and e.state is not null`

const onSendReceipt: Handler = on(
  sendReceipt,
  effect(async ({ payload: receipt }, existing, { tenant, user, query }) => {
    if (existing !== undefined) return refused(`Receipt ${receipt.id} is on the server already.`)
    const orderId = onlineOrderId(receipt.orderId) ?? receipt.orderId
    const [order] = await query('pos-order-total', orderTotalSql, [tenant, orderKind, orderId])
    if (order === undefined) return refused(`There is no order ${orderId} on the server: send it first.`)
    if (order['total_cents'] !== receipt.totalCents) {
      return refused(`The order comes to ${String(order['total_cents'])} cents, not ${receipt.totalCents}.`)
    }
    return applied({ ...receipt, orderId, issuedBy: user }, { ids: { receipt: receipt.id } })
  }),
)

function refundsOf(value: Json | undefined): readonly Json[] {
  return isList(value) ? value : []
}

function centsOf(refund: Json): number {
  return isRecord(refund) && typeof refund['amountCents'] === 'number' ? refund['amountCents'] : 0
}

/** The handlers of the pack, one per operation. */
export const posHandlers: readonly Handler[] = [
  onPlaceOrder,
  onChangeOrderStatus,
  onRefundOrder,
  onCancelOrder,
  onSendReceipt,
]
