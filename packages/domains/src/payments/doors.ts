/** The REST doors of payments: one for each way to pay, and the one that verifies a card. */
import { problem, type Json, type JsonObject } from '@holdfast/core'
import { jsonAnswer, notFound, problemAnswer, type SyncServer } from '@holdfast/server'
import { Hono } from 'hono'
import { addDoors, restDoor, type RestDoor } from '../rest-door.ts'
import { takePayment, type Payment, type PaymentMethod } from './operations.ts'
import type { CardProcessor } from './processor.ts'
import { verifyPayment } from './verification.ts'

const retryAfterMs = 5_000

/**
 * Makes the routes `/api/payments/cash`, `/api/payments/mobile`, `/api/payments` (check, gift card) and
 * `/api/payments/card/verify`, which answers `{ verified }` once the processor has spoken and 503 while it does not.
 */
export function paymentDoors(sync: SyncServer, processor: CardProcessor): Hono {
  const routes = new Hono()
  addDoors(routes, sync, '/api/payments/cash', [doorFor('cash')])
  addDoors(routes, sync, '/api/payments/mobile', [doorFor('mobile')])
  addDoors(routes, sync, '/api/payments/card/verify', [verifyDoor(sync, processor)])
  addDoors(routes, sync, '/api/payments', [doorFor('check', 'gift_card')])
  routes.all('/api/payments/*', notFound)
  return routes
}

/** A door for these ways to pay; with one alone, it need not be said. */
function doorFor(...methods: readonly PaymentMethod[]): RestDoor {
  const [only, more] = methods
  return restDoor<Payment>({
    method: 'POST',
    definition: takePayment,
    idOf: ({ id }) => id,
    payloadOf: (body) => {
      const payload = withCents(body)
      const { method = more === undefined ? (only ?? null) : null } = payload
      // A way to pay that has another door is none here.
      return {
        ...payload,
        method: methods.some((own) => own === method) ? method : `not taken here: ${methods.join()}`,
      }
    },
  })
}

function verifyDoor(sync: SyncServer, processor: CardProcessor): RestDoor {
  return restDoor<Payment>({
    method: 'POST',
    definition: takePayment,
    idOf: ({ id }) => id,
    payloadOf: (body) => {
      const { transactionId = null, ...rest } = withCents(body)
      return { id: transactionId, method: 'card', ...rest }
    },
    respond: async ({ session, payload }) => {
      const verification = await verifyPayment(sync, processor, session.tenant, payload.id)
      if (verification === 'unknown' || verification === 'none') {
        const detail = 'The payment is stored and is verified as soon as the processor answers. Ask again.'
        return problemAnswer(problem('unavailable', 'The processor does not answer', { detail }), { retryAfterMs })
      }
      return jsonAnswer({ success: true, id: payload.id, verified: verification === 'verified' })
    },
  })
}

/** A body whose `amount` is in the currency's unit, as older clients send it, with `amountCents` in its place. */
function withCents(body: JsonObject): JsonObject {
  const { amount, ...rest } = body
  if (amount === undefined || 'amountCents' in rest) return body
  return { ...rest, amountCents: centsOf(amount) }
}

/** Whole cents of an amount, `null` for what has a fraction of one or is no number. */
function centsOf(amount: Json): number | null {
  if (typeof amount !== 'number') return null
  const whole = Math.round(amount * 100)
  return Math.abs(amount * 100 - whole) < 1e-6 * Math.max(1, Math.abs(whole)) ? whole : null
}
