/** What happens to orders: pure deciders over an order as it is now. */
import { isRecord } from '@holdfast/core'
import { applied, decide, on, refused, type Handler } from '@holdfast/server'
import { changeOrderStatus, placeOrder } from './operations.ts'
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

/** The handlers of the pack, one per operation. */
export const posHandlers: readonly Handler[] = [onPlaceOrder, onChangeOrderStatus]
