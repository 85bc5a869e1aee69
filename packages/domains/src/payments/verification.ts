/**
 * Verifying card payments: outside every transaction, keyed by the payment, written down as an operation of the server's
 * own. A crash anywhere in between asks the processor again under the same key, and the decider takes one verdict.
 *
 *   payment applied, with its job ─▶ processor ─▶ payments.card-verdict ─▶ completed | failed
 */
import { exponential, isRecord, parseOperationId, type Json } from '@holdfast/core'
import { JobError, onJob, wireOperationOf, type BatchOwner, type JobHandler, type SyncServer } from '@holdfast/server'
import { needsVerification, paymentKind, settleCard, type CardVerdict } from './operations.ts'
import type { CardProcessor } from './processor.ts'

/** Who writes verdicts down. No account may have this name: `authenticate` must never answer it. */
export const processorUser = '~processor'

/** How long a processor may take, ms. */
const processorMaxMs = 10_000

/** What became of a payment: verified or not, `unknown` while the processor does not answer, `none` without one to verify. */
export type Verification = 'verified' | 'declined' | 'unknown' | 'none'

/** Has a payment verified, if it still needs that; safe to be called again and at once from many places. */
export async function verifyPayment(
  sync: SyncServer,
  processor: CardProcessor,
  tenant: string,
  paymentId: string,
  timeoutMs: number = processorMaxMs,
): Promise<Verification> {
  const before = await stateOf(sync, tenant, paymentId)
  if (!needsVerification(before)) return standingOf(before)
  const { amountCents, processorResponse } = isRecord(before) ? before : {}
  let verdict: CardVerdict
  try {
    const request = { key: `${tenant}/${paymentId}`, amountCents: Number(amountCents), terminal: processorResponse }
    const answer = await processor.charge(request, AbortSignal.timeout(timeoutMs))
    const { reference } = answer
    verdict =
      answer.kind === 'approved'
        ? { paymentId, isApproved: true, reference }
        : { paymentId, isApproved: false, reference, reason: answer.reason }
  } catch {
    // Nothing is known of it. It stays as it is, and is asked about again.
    return 'unknown'
  }
  // An id of its own each time: one that can be foretold could be taken by somebody else. Of several verdicts the decider
  // takes the first.
  const id = parseOperationId(`verdict:${crypto.randomUUID()}`)
  if (id === undefined) return 'unknown'
  const owner: BatchOwner = { tenant, user: processorUser, device: 'server' }
  await sync.apply(owner, [wireOperationOf(settleCard, { ...verdict }, verdict, { id })])
  return standingOf(await stateOf(sync, tenant, paymentId))
}

/** The type of the job that has a card payment verified; every card payment asks for one. */
export const verifyJob = 'payments.verify-card'

/** Most attempts of a job: with waits up to ten minutes, about a day. */
const attemptsMax = 150

/** The job handler that verifies card payments, for a worker. It tries again until the processor answers. */
export function paymentJobs(sync: SyncServer, processor: CardProcessor): readonly JobHandler[] {
  const verify = onJob(
    verifyJob,
    async ({ tenant, payload }, { deadlineMs }) => {
      const { paymentId } = isRecord(payload) ? payload : {}
      if (typeof paymentId !== 'string')
        throw new JobError('no-payment', 'The job names no payment.', { isFinal: true })
      const verification = await verifyPayment(sync, processor, tenant, paymentId, deadlineMs)
      if (verification === 'unknown') throw new JobError('no-answer', 'The processor does not answer.')
      return { result: { verification } }
    },
    { schedule: exponential({ baseMs: 5_000, capMs: 600_000, attempts: attemptsMax }), deadlineMs: processorMaxMs },
  )
  return [verify]
}

async function stateOf(sync: SyncServer, tenant: string, id: string): Promise<Json | undefined> {
  return (await sync.read(tenant, paymentKind, [id])).get(id)?.state
}

function standingOf(state: Json | undefined): Verification {
  if (!isRecord(state)) return 'none'
  if (needsVerification(state)) return 'unknown'
  return state['status'] === 'failed' ? 'declined' : 'verified'
}
