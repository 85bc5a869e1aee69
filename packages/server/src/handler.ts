/**
 * Handlers: what a domain says about its operations, in one of two ways.
 *
 * A decider is pure: the operation, the entity as it is now and the circumstances come in, a decision goes out. The
 * server runs deciders over a whole batch in memory, so a chain of changes to one entity costs one read and one write;
 * it may run one more than once for the same operation (a rerun, a conflict's comparison), and only one result counts.
 *
 * An effect runs SQL of its own in the operation's transaction, behind a savepoint (run-effect.ts), for data that is no
 * entity. It touches nothing outside the database: a transaction that is run again would do it twice.
 */
import {
  isJson,
  type AnyOperationDefinition,
  type AssignedIds,
  type Base,
  type EntityRef,
  type Json,
  type OperationDefinition,
  type OperationId,
} from '@holdfast/core'
import { areJobRequests, jobsPerOperationMax, type JobRequest } from './jobs/job.ts'
import type { Query } from './database/database.ts'

/** An operation as a decider sees it: payload checked by its schema and upgraded to today's version. */
export interface ReceivedOperation<Payload> {
  readonly id: OperationId
  readonly type: string
  readonly payload: Payload
  readonly entity?: EntityRef
  readonly base?: Base
  /** The uploads that are the files which it names, by name; all of them have arrived whole. */
  readonly attachments?: Readonly<Record<string, string>>
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
  /** Work to be done after it. Stored in the operation's own transaction, so that it is done if and only if this is. */
  readonly jobs?: readonly JobRequest[]
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

/** The circumstances of an effect. */
export interface EffectContext extends DecideContext {
  /**
   * Runs SQL as the role of the app, so that row-level security shows the tenant's rows alone. Dead when the effect has
   * ended. It selects, inserts, updates, deletes and merges rows. A name belongs to one text for ever, in all handlers. A
   * statement that fails takes its effect with it, unless that refuses: nothing of it stands, the operation is deferred.
   */
  readonly query: Query
}

/** Runs one operation's SQL and says what it came to; what it wrote stands only when the decision is `applied`. */
export type Effect<Payload> = (
  operation: ReceivedOperation<Payload>,
  entity: Entity | undefined,
  context: EffectContext,
) => Promise<Decision>

/** A way to handle a type of operation; see {@link decide}. */
export interface Decider<Payload> {
  readonly kind: 'decide'
  readonly run: Decide<Payload>
}

/** Another way; see {@link effect}. */
export interface Effector<Payload> {
  readonly kind: 'effect'
  readonly run: Effect<Payload>
}

/** What else is said of a type. */
export interface HandlerOptions {
  /**
   * Who may do it: one of these roles is needed, as the session has them when the operation is applied. Without the list
   * whoever is signed in may.
   */
  readonly roles?: readonly string[]
}

/** A type of operation with its decider. The method is bivariant, so handlers of all payloads fit in one list. */
export interface DecidingHandler extends HandlerOptions {
  readonly kind: 'decide'
  readonly definition: AnyOperationDefinition
  run(operation: ReceivedOperation<unknown>, entity: Entity | undefined, context: DecideContext): Decision
}

/** A type of operation with its effect. */
export interface EffectHandler extends HandlerOptions {
  readonly kind: 'effect'
  readonly definition: AnyOperationDefinition
  run(operation: ReceivedOperation<unknown>, entity: Entity | undefined, context: EffectContext): Promise<Decision>
}

/** A type of operation with its way to be handled. */
export type Handler = DecidingHandler | EffectHandler

/** Handles operations by a pure function over their entity. */
export function decide<Payload>(run: Decide<Payload>): Decider<Payload> {
  return { kind: 'decide', run }
}

/**
 * Handles operations by SQL in their transaction.
 *
 * @example
 * on(countStock, effect(async ({ payload }, _entity, { tenant, query }) => {
 *   await query('stock-count', 'insert into stock ...', [tenant, payload.item, payload.count])
 *   return applied()
 * }))
 */
export function effect<Payload>(run: Effect<Payload>): Effector<Payload> {
  return { kind: 'effect', run }
}

/**
 * Says how operations of a type are handled.
 *
 * @example
 * on(addNote, decide(({ payload }, entity) => applied({ ...payload, count: (entity?.version ?? 0) + 1 })))
 * on(closeBook, decide(...), { roles: ['manager'] })
 */
export function on<Payload>(
  definition: OperationDefinition<Payload>,
  handling: Decider<Payload> | Effector<Payload>,
  options: HandlerOptions = {},
): Handler {
  return { definition, ...handling, ...options }
}

/** The decision that the entity's state becomes `state` (`null`: it is removed; absent: no entity changes). */
export function applied(state?: Json, details: AppliedDetails = {}): ApplyDecision {
  return { kind: 'applied', ...(state !== undefined && { state }), ...details }
}

/** The decision that the operation never takes effect; `detail` tells the person why and what to do. */
export function refused(detail: string): RefuseDecision {
  return { kind: 'refused', detail }
}

/**
 * Passes a decision that can be stored, and throws like a handler with a bug at any other: the batch's write would fail
 * at it, and take all the other operations along.
 */
export function checkedDecision(decision: Decision): Decision {
  for (const [part, value] of Object.entries(decision)) {
    if (value !== undefined && !isJson(value)) throw new TypeError(`A decision's ${part} must be JSON.`)
  }
  if (decision.kind === 'applied' && Object.values(decision.ids ?? {}).some((id) => typeof id !== 'string')) {
    throw new TypeError("A decision's ids must be text.")
  }
  if (decision.kind === 'applied' && !areJobRequests(decision.jobs ?? [])) {
    throw new TypeError(
      `A decision's jobs must each have a type and a delay of 0 ms to a day, ${jobsPerOperationMax} at most.`,
    )
  }
  return decision
}
