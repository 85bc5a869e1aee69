/**
 * Conflicts: a change was made on another version than the entity has now.
 *
 * `server_wins` and `client_wins` are settled here, `manual` waits for a person. `merge` waits for a person as well, as
 * long as no merge rules are given to the server: nothing is overwritten because a rule is missing. Under every
 * strategy the losing side is kept.
 */
import { isRecord, problem, type Conflict, type ConflictStrategy, type EntityRef, type Json } from '@holdfast/core'
import type { Decision } from './handler.ts'

/** The side that a conflict did not choose, as it is kept. */
export interface LosingSide {
  readonly entity: EntityRef
  /** The entity's version when they met. */
  readonly version: number
  /** `current`: the state that was overwritten. `operation`: the payload that was not applied. */
  readonly side: 'current' | 'operation'
  readonly data: Json
}

/** How a conflict goes on. */
export type Settlement =
  /** The change is applied on top of what is there. */
  | { readonly kind: 'apply'; readonly losing: LosingSide }
  /** What is there stays, and that settles it. */
  | { readonly kind: 'keep'; readonly losing: LosingSide }
  /** A person must decide. */
  | { readonly kind: 'ask'; readonly losing: LosingSide }

/** Settles a conflict by its type's strategy. A removed entity has no state, so nothing of it can be lost. */
export function settleConflict(
  strategy: ConflictStrategy,
  ref: EntityRef,
  current: { readonly version: number; readonly state: Json },
  payload: Json,
): Settlement {
  const { version } = current
  const operationLoses: LosingSide = { entity: ref, version, side: 'operation', data: payload }
  switch (strategy) {
    case 'client_wins':
      return { kind: 'apply', losing: { entity: ref, version, side: 'current', data: current.state } }
    case 'server_wins':
      return { kind: 'keep', losing: operationLoses }
    case 'manual':
    case 'merge':
      return { kind: 'ask', losing: operationLoses }
  }
}

/**
 * The outcome that puts a conflict before a person. `mine` is what the change would make of the entity as it is now, so
 * the fields named are those that the change would overwrite.
 */
export function conflictOutcome(current: { readonly version: number; readonly state: Json }, mine: Decision): Conflict {
  const proposed = mine.kind === 'applied' ? mine.state : undefined
  return {
    outcome: 'conflict',
    version: current.version,
    current: current.state,
    conflictFields: proposed === undefined ? [] : differingFields(proposed, current.state),
    problem: problem('conflict', 'Somebody else changed it first', {
      detail: `It is at version ${current.version} now.`,
    }),
  }
}

function differingFields(mine: Json, theirs: Json): readonly string[] {
  if (!isRecord(mine) || !isRecord(theirs)) return []
  const names = new Set([...Object.keys(mine), ...Object.keys(theirs)])
  return [...names].filter((name) => !isEqual(mine[name], theirs[name])).toSorted()
}

/** Compares two JSON values by content; the depth is that of stored data, which is limited. */
function isEqual(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => isEqual(item, right[index]))
  }
  if (!isRecord(left) || !isRecord(right)) return false
  const names = Object.keys(left)
  return (
    names.length === Object.keys(right).length &&
    names.every((name) => Object.hasOwn(right, name) && isEqual(left[name], right[name]))
  )
}
