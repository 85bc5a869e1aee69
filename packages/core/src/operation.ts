/**
 * Operations: immutable intended writes, and their definitions, which page, service worker and server share.
 *
 * What is stored at enqueue is what is sent, byte for byte and for ever: references travel unresolved and the server
 * upgrades old versions, so an operation's hash never changes between two sends.
 */
import { SyncError } from './error.ts'
import type { OperationId } from './id.ts'
import type { Json } from './json.ts'
import type { Lane, OnDead, Priority } from './lane.ts'
import type { MergeRules } from './merge.ts'
import { completePolicy, type Policy, type PolicyOptions } from './policy.ts'
import type { Schema } from './schema.ts'

/** A file that an operation names: by the hash of its bytes, which is known before it is sent. */
export interface Attachment {
  /** What the operation calls it; each name once. */
  readonly name: string
  /** SHA-256 of its bytes, 64 hexadecimal digits in lower case. */
  readonly sha256: string
}

/** Most files that one operation may name. */
export const attachmentsMax = 20

/** Names one thing that operations change: an order, a job, a customer. */
export interface EntityRef {
  readonly kind: string
  readonly id: string
}

/**
 * What a change was made on: a version of the entity, for data without versions the instant at which it was last
 * modified (ms since 1970), each with the state where merging needs it; or an earlier operation that is not applied yet.
 */
export type Base =
  | { readonly version: number; readonly state?: Json }
  | { readonly lastModifiedMs: number; readonly state?: Json }
  | { readonly after: OperationId }

/** Most operations that one may come after. */
export const parentsMax = 100

/** An immutable intended write. */
export interface Operation {
  readonly id: OperationId
  readonly type: string
  /** The version of the type's payload when it was enqueued. */
  readonly version: number
  /** The key of its lane. */
  readonly lane: string
  readonly payload: Json
  /** The device's clock at enqueue, ms since 1970. A hint: no promise rests on it. */
  readonly createdAtMs: number
  readonly entity?: EntityRef
  readonly base?: Base
  /** Earlier operations that must be applied first. */
  readonly after?: readonly OperationId[]
  /** This operation replaces that one: one of the two is applied, never both. */
  readonly supersedes?: OperationId
  /** This operation settles the conflict of that one. */
  readonly resolves?: OperationId
  /** This operation only makes sure that that one is never applied. */
  readonly cancel?: OperationId
  /**
   * What stood in this place before the operation named above, nearest first: versions that the server has not answered
   * and that could still arrive late. They are replaced as well.
   */
  readonly earlier?: readonly OperationId[]
  /**
   * Older operations that this one makes pointless, nearest first: what is not applied yet never will be. Unlike what
   * supersedes, this one is applied all the same when one of them has been.
   */
  readonly absorbs?: readonly OperationId[]
  /** The trace that the operation was made in, W3C Trace Context. */
  readonly traceparent?: string
}

/** Most ids in `earlier`, and in `absorbs`. */
export const earlierMax = 64

/** What an operation stands for, and settles with its own answer; the cancelled one first, because a person asks about that. */
export function linksOf({
  cancel,
  supersedes,
  resolves,
  earlier = [],
}: Pick<Operation, 'cancel' | 'supersedes' | 'resolves' | 'earlier'>): readonly OperationId[] {
  return [cancel, supersedes, resolves, ...earlier].filter((id) => id !== undefined)
}

/** Everything that is settled by the answer to an operation: what it stands for, and what it absorbs. */
export function settledWith(
  operation: Pick<Operation, 'cancel' | 'supersedes' | 'resolves' | 'earlier' | 'absorbs'>,
): readonly OperationId[] {
  return [...linksOf(operation), ...(operation.absorbs ?? [])]
}

/** How a type is described; see {@link defineOperation}. */
export interface OperationOptions<Payload> {
  /** Unique name, such as `pos.order`: lower-case words joined by dots, hyphens or underscores. */
  readonly type: string
  /** Version of the payload's shape, 1 or more. */
  readonly version: number
  /** Any Standard Schema validator. */
  readonly payload: Schema<Payload>
  /** The lane of an operation, from its payload. */
  readonly lane: (payload: Payload) => Lane
  /** The entity that it changes, if it changes one. */
  readonly entity?: (payload: Payload) => EntityRef
  readonly policy?: PolicyOptions
  /** How the fields of its entity are merged, under the conflict strategy `merge`; without it, a person decides. */
  readonly merge?: MergeRules
  /** Turns the payload of an older version into today's. Runs on the server. */
  readonly upgrade?: (fromVersion: number, payload: Json) => Json
}

/** A type of operation, complete. */
export interface OperationDefinition<Payload = unknown> extends OperationOptions<Payload> {
  /** The type's rules for a lane of this priority. */
  readonly policyFor: (priority: Priority) => Policy
}

/**
 * A definition of whichever payload, for lists of definitions. A method parameter is bivariant, which is what lets
 * definitions of different payloads stand in one list; each is only ever called with a payload its own schema passed.
 */
export interface AnyOperationDefinition {
  readonly type: string
  readonly version: number
  readonly payload: Schema<unknown>
  lane(payload: unknown): Lane
  entity?(payload: unknown): EntityRef
  readonly policyFor: (priority: Priority) => Policy
  readonly merge?: MergeRules
  readonly upgrade?: (fromVersion: number, payload: Json) => Json
}

const typePattern = /^[a-z][a-z0-9]*([._-][a-z0-9]+)*$/

/**
 * Defines a type of operation.
 *
 * @example
 * export const addNote = defineOperation({
 *   type: 'note.add', version: 1, payload: Note,
 *   lane: (note) => noteLane(note.subjectId),
 * })
 * @throws SyncError `invalid-definition` when the type, the version or the policy is not usable
 */
export function defineOperation<Payload>(options: OperationOptions<Payload>): OperationDefinition<Payload> {
  const { type, version, policy = {} } = options
  if (!typePattern.test(type) || type.length > 100) {
    throw new SyncError(
      'invalid-definition',
      `A type is at most 100 lower-case characters such as "pos.order"; got "${type}".`,
    )
  }
  if (!Number.isInteger(version) || version < 1) {
    throw new SyncError('invalid-definition', `The version of "${type}" is a whole number from 1; got ${version}.`)
  }
  const policies: { readonly [P in Priority]: Policy } = {
    high: completePolicy(policy, 'high'),
    medium: completePolicy(policy, 'medium'),
    low: completePolicy(policy, 'low'),
  }
  return { ...options, policyFor: (priority) => policies[priority] }
}

/** An operation as a client's log keeps it: with what the lane said when it was enqueued. */
export interface QueuedOperation {
  readonly operation: Operation
  readonly priority: Priority
  readonly onDead: OnDead
}
