/** The answers that an intercepted request can get, each true at the moment it is given. */
import type { SyncStatus } from '@holdfast/client'
import {
  isRecord,
  problem,
  problemMediaType,
  problemTypePrefix,
  SyncError,
  type Applied,
  type DeadReason,
  type DeliveryState,
  type Json,
  type JsonObject,
  type OperationId,
  type Problem,
} from '@holdfast/core'

/** What the caller is told of a stored operation that the server has not answered yet. */
export const queuedMessage = 'Saved on this device. It is sent as soon as the server can be reached.'

/** The problem of a write that could not be stored: the caller still has it, and nobody else does. */
export const notStoredType: string = `${problemTypePrefix}not-stored`

/** The problem of a write that is stored, and may become unreadable: sent again, it might be applied twice. */
export const notConfirmedType: string = `${problemTypePrefix}not-confirmed`

/** The answer to an operation in this state; `undefined` while the server may still say something. */
export function answerOf(id: OperationId, state: DeliveryState): Response | undefined {
  switch (state.kind) {
    case 'queued':
      return undefined
    // The first attempt failed: the next one is too far away to be waited for.
    case 'waiting':
      return queuedAnswer(id)
    case 'applied':
      return appliedAnswer(id, state.applied)
    case 'conflicted': {
      const title = 'This has been changed by somebody else in the meantime.'
      const { problem: said = problem('conflict', title), current } = state.conflict
      return problemAnswer(said, { id, ...(current !== undefined && { current }) })
    }
    case 'dead':
      return deadAnswer(id, state.reason)
    case 'discarded':
      return problemAnswer(problem('cancelled', 'This was taken back before the server had it.'), { id })
  }
}

/** 202: stored here, not on the server yet. */
export function queuedAnswer(id: OperationId): Response {
  return json(202, { success: true, queued: true, id, message: queuedMessage })
}

/** The answer when nothing was stored, or nothing for certain, by what `enqueue` has thrown. */
export function notStoredAnswer(error: unknown): Response {
  const code = error instanceof SyncError ? error.code : undefined
  const detail = error instanceof SyncError ? { detail: error.message } : {}
  // A lane that cannot be made from the payload is a fault of the payload.
  if (code === 'invalid-payload' || code === 'invalid-definition') {
    return problemAnswer(problem('invalid-payload', 'The request is not complete.', detail))
  }
  if (code === 'too-large') return problemAnswer(problem(code, 'The request is too large to be stored.', detail))
  if (code === 'unconfirmed') {
    const title = 'This may be saved on this device: look for it before you send it again.'
    return problemAnswer({ type: notConfirmedType, title, status: 507, ...detail })
  }
  const title = 'Not saved: this device could not store it.'
  return problemAnswer({ type: notStoredType, title, status: 507, ...detail })
}

/** A problem document as an answer, with members that help the caller. */
export function problemAnswer(said: Problem, members: { readonly [name: string]: Json } = {}): Response {
  const status = said.status >= 400 && said.status <= 599 ? said.status : 422
  return new Response(JSON.stringify({ ...members, ...said, status }), {
    status,
    headers: { 'Content-Type': problemMediaType, 'Cache-Control': 'no-store' },
  })
}

/** True when the server is known not to answer now, so that waiting for it would only hold the caller up. */
export function isOutOfReach({ connectivity, authentication, paused, manual }: SyncStatus): boolean {
  return (
    paused.isAll || manual.isAll || authentication !== 'ok' || (connectivity !== 'online' && connectivity !== 'unknown')
  )
}

function appliedAnswer(id: OperationId, { version, ids, result }: Applied): Response {
  return json(200, {
    id,
    ...(version !== undefined && { version }),
    ...(ids !== undefined && { ids }),
    ...(isObject(result) ? result : result !== undefined && { result }),
    success: true,
    queued: false,
  })
}

function deadAnswer(id: OperationId, reason: DeadReason): Response {
  switch (reason.kind) {
    case 'rejected':
    case 'refused':
      return problemAnswer(reason.problem, { id })
    case 'too-large':
      return problemAnswer(problem('too-large', 'This is larger than the server takes.'), { id })
    // It is stored and a person can send it again: no refusal, only no answer yet.
    case 'attempts':
      return queuedAnswer(id)
  }
}

function json(status: number, body: { readonly [name: string]: Json }): Response {
  return Response.json(body, { status, headers: { 'Cache-Control': 'no-store' } })
}

function isObject(value: Json | undefined): value is JsonObject {
  return isRecord(value)
}
