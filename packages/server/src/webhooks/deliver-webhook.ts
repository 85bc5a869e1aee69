/**
 * Delivering webhooks: the handler of their jobs, for a worker.
 *
 *   job ─▶ sign (id, time stamp, body) ─▶ POST ─▶ 2xx: delivered
 *                                          ├─ 410: final, the receiver wants no more
 *                                          └─ all else, time-out, redirect: again, 5 s × 3ⁿ up to 6 h, 12 attempts
 *
 * An attempt whose answer was lost is made again under the same `webhook-id`, so the receiver can tell; one that was
 * answered never is. Signed as Standard Webhooks describes, so that receivers find a library that checks it.
 *
 * @see https://www.standardwebhooks.com
 */
import { createHmac } from 'node:crypto'
import { exponential } from '@holdfast/core'
import { JobError, onJob, type JobHandler } from '../jobs/job-handler.ts'
import { checkEndpoints, secretBytesOf, type WebhookEndpoint } from './webhook-endpoint.ts'
import { parseDelivery, webhookJobType } from './webhook-jobs.ts'

/** What delivering uses of the world; each has a default. */
export interface WebhookSurroundings {
  readonly fetch?: typeof fetch
  /** The clock that dates a delivery, ms since 1970. */
  readonly nowMs?: () => number
}

const hourMs = 3_600_000
const schedule = exponential({ baseMs: 5_000, factor: 3, capMs: 6 * hourMs, jitter: 0.25, attempts: 12 })
const staleAfterMs = 72 * hourMs
const deadlineMs = 15_000

/**
 * Makes the handler that delivers to these endpoints.
 *
 * @throws ServerError `invalid-definition` when an endpoint cannot be used
 */
export function webhookHandler(
  endpoints: readonly WebhookEndpoint[],
  { fetch: send = fetch, nowMs = Date.now }: WebhookSurroundings = {},
): JobHandler {
  checkEndpoints(endpoints)
  return onJob(
    webhookJobType,
    async ({ id, payload }, { signal }) => {
      const delivery = parseDelivery(payload)
      const endpoint = endpoints.find(({ name }) => name === delivery?.endpoint)
      if (delivery === undefined || endpoint === undefined) {
        throw new JobError('no-endpoint', 'No endpoint of this name is configured any more.', { isFinal: true })
      }
      const body = JSON.stringify(delivery.event)
      const status = await post(send, endpoint, { id, body, atMs: nowMs(), signal })
      if (status >= 200 && status < 300) return { result: { status } }
      throw new JobError('not-taken', `The receiver answered ${status}.`, { isFinal: status === 410 })
    },
    { schedule, staleAfterMs, deadlineMs },
  )
}

async function post(
  send: typeof fetch,
  { url, secret }: WebhookEndpoint,
  {
    id,
    body,
    atMs,
    signal,
  }: { readonly id: string; readonly body: string; readonly atMs: number; readonly signal: AbortSignal },
): Promise<number> {
  const timestamp = String(Math.floor(atMs / 1000))
  try {
    const response = await send(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': signatureOf(secret, `${id}.${timestamp}.${body}`),
      },
      body,
      redirect: 'manual',
      signal,
    })
    await response.body?.cancel()
    return response.status
  } catch (error) {
    throw new JobError('unreachable', 'The receiver could not be reached, or took too long.', { cause: error })
  }
}

function signatureOf(secret: string, text: string): string {
  const mac = createHmac('sha256', secretBytesOf(secret) ?? '')
    .update(text)
    .digest('base64')
  return `v1,${mac}`
}
