/** Enqueueing a plain request: what a caller may leave out, completed. */
import { findReferences, SyncError, type Json, type OperationId, type Priority } from '@holdfast/core'
import type { Entry } from '../entry.ts'
import type { Outbox } from '../outbox.ts'
import { sendRequest, sendRequestOnce, type PlainRequest, type WriteMethod } from './plain-request.ts'

/** A request as its caller writes it. */
export interface RequestOptions {
  readonly url: string
  /** Default `POST`. */
  readonly method?: WriteMethod
  /** Never a token or a cookie: those are stamped when it is sent, by the transport's `headers`. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Json
  /** Kept with the entry and shown, never sent. */
  readonly metadata?: Json
  /** Default `medium`. */
  readonly priority?: Priority
  /** Requests of one queue go in their order, those of two queues do not wait for one another. Default: the path. */
  readonly queue?: string
  /** False: the first answer decides, and what the server did not take waits for a person. Default true. */
  readonly retryOnFailure?: boolean
  /** The id of the operation, which is its `Idempotency-Key`. Default: a new one. */
  readonly id?: OperationId
  /** Earlier operations that must be applied first. */
  readonly after?: readonly OperationId[]
}

const queueMax = 150

/**
 * Stores a plain request. Resolves when it survives a power cut, never earlier.
 *
 * The outbox must have been opened with `requestOperations`, and its transport must be a `requestTransport`.
 *
 * @throws SyncError `invalid-payload` when the request could not be sent as it is, or refers to an id that a server
 * would have to fill in; otherwise as `Outbox.enqueue`. Then nothing is stored.
 */
export async function enqueueRequest(outbox: Outbox, options: RequestOptions): Promise<Entry> {
  const { id, after, retryOnFailure = true } = options
  const definition = retryOnFailure ? sendRequest : sendRequestOnce
  return outbox.enqueue(definition, payloadOf(options), {
    ...(id !== undefined && { id }),
    ...(after !== undefined && { after }),
  })
}

/** The request as it is stored. */
export function payloadOf(options: RequestOptions): PlainRequest {
  const { url, method = 'POST', headers = {}, body, metadata, priority = 'medium', queue } = options
  if (body !== undefined && findReferences(body).length > 0) {
    throw new SyncError(
      'invalid-payload',
      'A plain request cannot refer to an id that a server will give: only a Holdfast server fills that in.',
    )
  }
  return {
    url,
    method,
    headers,
    ...(body !== undefined && { body }),
    ...(metadata !== undefined && { metadata }),
    priority,
    queue: queue ?? pathOf(url).slice(-queueMax),
  }
}

function pathOf(url: string): string {
  return typeof url === 'string' && URL.canParse(url, 'https://own.invalid')
    ? new URL(url, 'https://own.invalid').pathname
    : '/'
}
