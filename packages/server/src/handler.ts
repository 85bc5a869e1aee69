/**
 * Handlers: what a domain says about its operations.
 *
 * A decider is pure: the operation, the entity as it is now and the circumstances come in, a decision goes out. The
 * server runs deciders over a whole batch in memory, so a chain of changes to one entity costs one read and one write;
 * it may run one more than once for the same operation (a rerun, a conflict's comparison), and only one result counts.
 */
import type {
  AnyOperationDefinition,
  AssignedIds,
  Base,
  EntityRef,
  Json,
  OperationDefinition,
  OperationId,
} from '@holdfast/core'

/** An operation as a decider sees it: payload checked by its schema and upgraded to today's version. */
export interface ReceivedOperation<Payload> {
  readonly id: OperationId
  readonly type: string
  readonly payload: Payload
  readonly entity?: EntityRef
  readonly base?: Base
  /** How long ago it was enqueued, by the device's own account, ms. */
  readonly ageMs: number
}

/** An entity as it is now. */
export interface Entity {
  /** 1 after the first change. */
  readonly version: number
  readonly state: Json
  readonly lastModifiedMs: number
}

/** The circumstances of a decision. */
export interface DecideContext {
  readonly tenant: string
  readonly user: string
  /** The server's clock, ms since 1970; the same for a whole batch. */
  readonly nowMs: number
}

/** What an applied operation answers beside the new version. */
export interface AppliedDetails {
  /** Ids that the server assigned, by name. */
  readonly ids?: AssignedIds
  readonly result?: Json
}

/** The operation takes effect. */
export interface ApplyDecision extends AppliedDetails {
  readonly kind: 'applied'
  /** The entity's new state; `null` removes the entity; absent when the operation changes none. */
  readonly state?: Json
}

/** The domain refuses it, for good. */
export interface RefuseDecision {
  readonly kind: 'refused'
  /** Why, in words for the person who made the operation. */
  readonly detail: string
}

/** What a decider says. */
export type Decision = ApplyDecision | RefuseDecision

/** Decides one operation; pure. */
export type Decide<Payload> = (
  operation: ReceivedOperation<Payload>,
  entity: Entity | undefined,
  context: DecideContext,
) => Decision

/** A way to handle a type of operation; see {@link decide}. */
export interface Decider<Payload> {
  readonly kind: 'decide'
  readonly run: Decide<Payload>
}

/** A type of operation with its way to be handled. The method is bivariant, so handlers of all payloads fit in one list. */
export interface Handler {
  readonly definition: AnyOperationDefinition
  decide(operation: ReceivedOperation<unknown>, entity: Entity | undefined, context: DecideContext): Decision
}

/** Handles operations by a pure function over their entity. */
export function decide<Payload>(run: Decide<Payload>): Decider<Payload> {
  return { kind: 'decide', run }
}

/**
 * Says how operations of a type are handled.
 *
 * @example
 * on(addNote, decide(({ payload }, entity) => applied({ ...payload, count: (entity?.version ?? 0) + 1 })))
 */
export function on<Payload>(definition: OperationDefinition<Payload>, decider: Decider<Payload>): Handler {
  return { definition, decide: decider.run }
}

/** The decision that the entity's state becomes `state` (`null`: it is removed; absent: no entity changes). */
export function applied(state?: Json, details: AppliedDetails = {}): ApplyDecision {
  return { kind: 'applied', ...(state !== undefined && { state }), ...details }
}

/** The decision that the operation never takes effect; `detail` tells the person why and what to do. */
export function refused(detail: string): RefuseDecision {
  return { kind: 'refused', detail }
}
