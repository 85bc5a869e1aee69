/**
 * Payments: shared by page, service worker and server.
 *
 * A payment is an operation of its own, after its order. No card number ever travels: a terminal gives a token, and what
 * looks like a card number is refused before it is stored on the device.
 */
import {
  defineLane,
  defineOperation,
  exponential,
  isRecord,
  type AnyOperationDefinition,
  type EntityRef,
  type Json,
  type JsonObject,
  type Lane,
  type OperationDefinition,
} from '@holdfast/core'
import * as v from 'valibot'
import { amountCentsMax, anyObject, flag, instant, recordId, strict, text, whole } from '../schema-parts.ts'
import { findCardNumber } from './card-number.ts'

/** The ways to pay. */
export const paymentMethods: readonly ['cash', 'card', 'mobile', 'check', 'gift_card'] = [
  'cash',
  'card',
  'mobile',
  'check',
  'gift_card',
]

/** A way to pay. */
export type PaymentMethod = (typeof paymentMethods)[number]

/** The states of a payment; the server alone moves them. */
export const paymentStatuses: readonly ['pending', 'completed', 'failed', 'refunded'] = [
  'pending',
  'completed',
  'failed',
  'refunded',
]

/** The state of a payment. */
export type PaymentStatus = (typeof paymentStatuses)[number]

/** A payment as the device sends it. */
export type Payment = {
  readonly id: string
  /** The order that is paid; absent where a terminal knows none. */
  readonly orderId?: string
  readonly amountCents: number
  readonly method: PaymentMethod
  readonly timestamp: string
  /** What the device believes; the server decides for itself. */
  readonly status?: PaymentStatus
  readonly needsVerification?: boolean
  /** What the terminal said: a token, an authorisation code. */
  readonly processorResponse?: JsonObject
  /** What stands on the receipt. */
  readonly receiptData?: JsonObject
}

/** What the processor said of a card payment. Only the server makes this operation. */
export type CardVerdict = {
  readonly paymentId: string
  readonly isApproved: boolean
  readonly reference: string
  readonly reason?: string
}

/** A payment that is given back, in whole. */
export type PaymentRefund = {
  readonly id: string
  readonly paymentId: string
  readonly reason: string
}

/** The kind of entity that a payment is. */
export const paymentKind = 'payment'

/** One lane per payment. */
export const paymentLane: (id: string) => Lane = defineLane('payment', { priority: 'high', onDead: 'block' })

const schema: v.GenericSchema<Payment> = v.pipe(
  v.strictObject(
    {
      id: recordId(),
      orderId: v.exactOptional(recordId()),
      amountCents: whole(1, amountCentsMax),
      method: v.picklist(paymentMethods, 'must be cash, card, mobile, check or gift_card'),
      timestamp: instant(),
      status: v.exactOptional(v.picklist(paymentStatuses, 'must be pending, completed, failed or refunded')),
      needsVerification: v.exactOptional(flag()),
      processorResponse: v.exactOptional(anyObject(10_000)),
      receiptData: v.exactOptional(anyObject(20_000)),
    },
    strict,
  ),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    const place = findCardNumber(dataset.value)
    if (place !== undefined) addIssue({ message: `${place}: must not hold a card number, only a terminal's token` })
  }),
)

const policy = { retry: exponential({ baseMs: 1000, attempts: 8 }), conflict: 'manual' } as const

/** Takes a payment. */
export const takePayment: OperationDefinition<Payment> = defineOperation({
  type: 'payments.payment',
  version: 1,
  payload: schema,
  lane: ({ id }) => paymentLane(id),
  entity: ({ id }) => paymentRef(id),
  policy,
})

/** Writes down what the processor said. */
export const settleCard: OperationDefinition<CardVerdict> = defineOperation({
  type: 'payments.card-verdict',
  version: 1,
  payload: v.strictObject(
    { paymentId: recordId(), isApproved: flag(), reference: text(100), reason: v.exactOptional(text(300)) },
    strict,
  ),
  lane: ({ paymentId }) => paymentLane(paymentId),
  entity: ({ paymentId }) => paymentRef(paymentId),
  policy,
})

/** Gives a completed payment back. */
export const refundPayment: OperationDefinition<PaymentRefund> = defineOperation({
  type: 'payments.refund',
  version: 1,
  payload: v.strictObject({ id: recordId(), paymentId: recordId(), reason: text(300) }, strict),
  lane: ({ paymentId }) => paymentLane(paymentId),
  entity: ({ paymentId }) => paymentRef(paymentId),
  policy,
})

/** The operations of the pack that a client may send. */
export const paymentOperations: readonly AnyOperationDefinition[] = [takePayment, refundPayment]

/** True for a payment that still has to be verified, as the server keeps it. */
export function needsVerification(state: Json | undefined): boolean {
  return isRecord(state) && state['needsVerification'] === true
}

function paymentRef(id: string): EntityRef {
  return { kind: paymentKind, id }
}
