/**
 * What is known of an operation before the database is asked: its fingerprint, its handler, its checked payload and the
 * entity that it concerns. All that is slow or asynchronous (schemas, hashes) happens here, outside the transaction.
 */
import {
  describeIssues,
  findOperationFault,
  problem,
  type EntityRef,
  type Json,
  type OperationId,
  type Problem,
  type Reference,
  type WireOperation,
} from '@holdfast/core'
import type { Handler } from './handler.ts'
import type { LedgerRows } from './ledger.ts'
import type { StoppedType } from './limits/stopped-types.ts'
import { hashOfOperation } from './operation-hash.ts'
import { resolve } from './references.ts'

/** What an operation is ready for. */
export type Readiness =
  /** To be decided. */
  | { readonly kind: 'ready'; readonly handler: Handler; readonly payload: unknown; readonly entity?: EntityRef }
  /** It only cancels another one; its own payload means nothing. */
  | { readonly kind: 'cancel' }
  /** It refers to an id that `parent` has not been given yet, as far as was read. */
  | { readonly kind: 'waits'; readonly parent: OperationId }
  /** Its data is not acceptable and never will be. */
  | { readonly kind: 'invalid'; readonly problem: Problem }
  /** It cannot be taken now: this release cannot read it, or its type is stopped. Later it may be. */
  | { readonly kind: 'not-now'; readonly problem: Problem; readonly retryAfterMs: number }

/** An operation with what is known of it. */
export interface PreparedOperation {
  readonly wire: WireOperation
  /** SHA-256 of what makes the operation itself, hex. */
  readonly hash: string
  readonly readiness: Readiness
}

/** Handlers by the type that they handle. */
export type HandlersByType = ReadonlyMap<string, Handler>

/** How long a client is asked to wait with an operation that this release cannot read. */
const unreadableRetryAfterMs = 60_000

/** The same for a type that is stopped until somebody starts it: soon enough to notice, seldom enough to bear. */
const stoppedRetryAfterMs = 60_000

/** Characters of a pointer that a refusal repeats. */
const pointerMax = 200

/** What preparing needs to know. */
export interface PrepareContext {
  readonly handlers: HandlersByType
  /** Whose operations these are. */
  readonly user: string
  /** The rows of the operations that these refer to, successors included; see `idsReferredTo`. */
  readonly rows: LedgerRows
  /** The roles of the user; none when absent. */
  readonly roles?: readonly string[]
  /** The types that are stopped, at `nowMs`. */
  readonly stopped?: { readonly types: ReadonlyMap<string, StoppedType>; readonly nowMs: number }
  /** Told of a schema, an upgrade or an entity function that threw. */
  readonly onFault?: (type: string, error: unknown) => void
}

/** Prepares a batch, or a wave of one, in its order. */
export function prepareBatch(
  operations: readonly WireOperation[],
  context: PrepareContext,
): Promise<readonly PreparedOperation[]> {
  return Promise.all(operations.map((operation) => prepareOperation(operation, context)))
}

async function prepareOperation(wire: WireOperation, context: PrepareContext): Promise<PreparedOperation> {
  const fault = findOperationFault(wire)
  const hash = hashOfOperation(wire, fault)
  if (fault !== undefined) {
    const refusal = problem('invalid-payload', 'The data cannot be stored', {
      detail: fault.reason,
      // Keys are the sender's, and the ledger keeps the refusal: it must not be a store for anything.
      pointer: fault.path.slice(0, pointerMax).toWellFormed(),
    })
    return { wire, hash, readiness: { kind: 'invalid', problem: refusal } }
  }
  if (wire.cancel !== undefined) return { wire, hash, readiness: { kind: 'cancel' } }
  try {
    return { wire, hash, readiness: await readinessOf(wire, context) }
  } catch (error) {
    context.onFault?.(wire.type, error)
    const failure = problem('internal', 'The server failed at this operation', { detail: 'Nothing was changed.' })
    return { wire, hash, readiness: { kind: 'not-now', problem: failure, retryAfterMs: unreadableRetryAfterMs } }
  }
}

async function readinessOf(wire: WireOperation, context: PrepareContext): Promise<Readiness> {
  const { handlers, rows, user, roles = [], stopped } = context
  const handler = handlers.get(wire.type)
  const { definition } = handler ?? {}
  if (handler === undefined || definition === undefined || wire.version > definition.version) {
    return unreadable('This server does not know the type, or this version of it, yet.')
  }
  const stop = stopped?.types.get(wire.type)
  if (stopped !== undefined && stop !== undefined) return stoppedNow(stop, stopped.nowMs)
  if (handler.roles !== undefined && !handler.roles.some((role) => roles.includes(role)))
    return forbidden(handler.roles)
  const resolution = resolve(wire, rows, user)
  if (resolution.kind === 'open') return { kind: 'waits', parent: resolution.parent }
  if (resolution.kind === 'missing') return missing(resolution.reference)
  const upgraded = upgradedPayload(wire.version, resolution.payload, handler)
  if (upgraded === undefined) return unreadable('This server no longer reads this old version of the type.')
  const checked = await definition.payload['~standard'].validate(upgraded.payload)
  if (checked.issues !== undefined) return invalid(describeIssues(checked.issues))
  const entity = definition.entity?.(checked.value)
  return { kind: 'ready', handler, payload: checked.value, ...(entity !== undefined && { entity }) }
}

function upgradedPayload(
  version: number,
  payload: Json,
  { definition }: Handler,
): { readonly payload: Json } | undefined {
  if (version === definition.version) return { payload }
  return definition.upgrade === undefined ? undefined : { payload: definition.upgrade(version, payload) }
}

function missing({ operation, name }: Reference): Readiness {
  const detail = `It refers to the id "${name}" of ${operation}, and that operation was given no id of this name.`
  return { kind: 'invalid', problem: problem('reference-missing', 'An id that it needs does not exist', { detail }) }
}

function invalid(detail: string): Readiness {
  return { kind: 'invalid', problem: problem('invalid-payload', 'The data does not fit its type', { detail }) }
}

function unreadable(detail: string): Readiness {
  const unknown = problem('unknown-type', 'The type is not known here', { detail })
  return { kind: 'not-now', problem: unknown, retryAfterMs: unreadableRetryAfterMs }
}

function forbidden(roles: readonly string[]): Readiness {
  const detail = `Whoever does this needs one of these roles: ${roles.join(', ')}. Ask whoever runs your company's account.`
  return { kind: 'invalid', problem: problem('forbidden', 'You may not do this', { detail }) }
}

function stoppedNow({ untilMs, reason }: StoppedType, nowMs: number): Readiness {
  const detail = reason ?? 'Whoever runs the server has stopped it for now. Nothing is lost; it is tried again.'
  const retryAfterMs = Math.max((untilMs ?? nowMs + stoppedRetryAfterMs) - nowMs, 1)
  return { kind: 'not-now', problem: problem('unavailable', 'Not taken at the moment', { detail }), retryAfterMs }
}
