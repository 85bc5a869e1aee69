/** What happens to payments: pure deciders. The device's word on its state is never taken. */
import { isRecord } from '@holdfast/core'
import { applied, decide, on, refused, type Handler } from '@holdfast/server'
import { needsVerification, refundPayment, settleCard, takePayment } from './operations.ts'
import { processorUser, verifyJob } from './verification.ts'

const onTakePayment: Handler = on(
  takePayment,
  decide(({ payload: payment }, existing, { user }) => {
    if (existing !== undefined) {
      return refused(`Payment ${payment.id} is on the server already. A new payment needs a new id.`)
    }
    const isCard = payment.method === 'card'
    return applied(
      { ...payment, status: isCard ? 'pending' : 'completed', needsVerification: isCard, takenBy: user },
      {
        ids: { payment: payment.id },
        ...(isCard && { jobs: [{ type: verifyJob, payload: { paymentId: payment.id } }] }),
      },
    )
  }),
)

const onSettleCard: Handler = on(
  settleCard,
  decide(({ payload: { paymentId, isApproved, reference, reason } }, existing, { user }) => {
    if (user !== processorUser) return refused('Only the processor says whether a card was charged.')
    const state = existing?.state
    if (!isRecord(state) || !needsVerification(existing?.state)) {
      return refused(`Payment ${paymentId} waits for no verification.`)
    }
    const status = isApproved ? 'completed' : 'failed'
    return applied({ ...state, status, needsVerification: false, reference, ...(reason !== undefined && { reason }) })
  }),
)

const onRefundPayment: Handler = on(
  refundPayment,
  decide(({ payload: { paymentId, reason } }, existing, { user }) => {
    const state = existing?.state
    if (!isRecord(state)) return refused(`There is no payment ${paymentId} on the server.`)
    if (state['status'] !== 'completed') return refused('Only a completed payment can be given back; this one is not.')
    return applied({ ...state, status: 'refunded', refund: { reason, refundedBy: user } })
  }),
)

/** The handlers of the pack. */
export const paymentHandlers: readonly Handler[] = [onTakePayment, onSettleCard, onRefundPayment]
