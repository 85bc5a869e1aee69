/**
 * Conflicts: a change was made on another version than the entity has now, or, for data without versions, on what was
 * last modified at another time.
 *
 *   server_wins ──▶ what is there stays              client_wins ──▶ the change goes on top of it
 *   merge ──▶ both, by the type's rules of merging   manual, or a merge that cannot say ──▶ a person decides
 *
 * All but the last are settled here, in the operation's own transaction. Under every strategy the losing side is kept.
 */
import {
  differingFields,
  isAnotherInstant,
  isEqualJson,
  mergeThreeWay,
  problem,
  type Base,
  type Conflict,
  type ConflictStrategy,
  type EntityRef,
  type Json,
  type MergeContext,
  type MergeRules,
} from '@holdfast/core'

/** The side that a conflict did not choose, as it is kept. */
export interface LosingSide {
  readonly entity: EntityRef
  /** The entity's version when they met. */
  readonly version: number
  /**
   * `current`: the state that was overwritten. `operation`: the payload that was not applied. `both`: they were merged,
   * and `data` is `{ current, operation }`.
   */
  readonly side: 'current' | 'operation' | 'both'
  readonly data: Json
}

/** How a conflict goes on. */
export type Settlement =
  /** The change is applied on top of what is there. */
  | { readonly kind: 'apply'; readonly losing: LosingSide }
  /** What is there stays, and that settles it. */
  | { readonly kind: 'keep'; readonly losing: LosingSide }
  /** The entity becomes what both sides together make. */
  | { readonly kind: 'merge'; readonly state: Json; readonly losing: LosingSide }
  /** A person must decide; `fields` are those that no rule could settle. */
  | { readonly kind: 'ask'; readonly fields?: readonly string[]; readonly losing: LosingSide }

/** Two states of one entity that met. */
export interface Meeting {
  readonly ref: EntityRef
  /** The entity as it is now; its state is `null` when it was removed. */
  readonly current: { readonly version: number; readonly state: Json; readonly lastModifiedMs: number }
  readonly payload: Json
  /** What the operation was made on, where its sender kept it. */
  readonly baseState?: Json
  /** What the operation made of that, or, where it was not kept, makes of the entity as it is now. */
  readonly mine: Json
  /** When the operation was made, ms since 1970, by the device's own account of its age. */
  readonly madeAtMs: number
}

/** True when an operation was made on another state than the entity has; `baseVersion` is what its base has come to. */
export function isOutdated(
  current: { readonly version: number; readonly lastModifiedMs: number },
  base: Base | undefined,
  baseVersion: number | undefined,
): boolean {
  if (baseVersion !== undefined) return baseVersion !== current.version
  if (base === undefined || !('lastModifiedMs' in base) || current.version === 0) return false
  return isAnotherInstant(base.lastModifiedMs, current.lastModifiedMs)
}

/** Settles a conflict by its type's strategy. A removed entity has no state: that somebody removed it is for a person. */
export function settleConflict(
  strategy: ConflictStrategy,
  { ref, current, payload, baseState, mine, madeAtMs }: Meeting,
  rules: MergeRules,
): Settlement {
  const { version, state: theirs } = current
  const operationLoses: LosingSide = { entity: ref, version, side: 'operation', data: payload }
  switch (strategy) {
    case 'client_wins':
      return { kind: 'apply', losing: { entity: ref, version, side: 'current', data: theirs } }
    case 'server_wins':
      return { kind: 'keep', losing: operationLoses }
    case 'manual':
      return { kind: 'ask', losing: operationLoses }
    case 'merge': {
      if (mine === null || theirs === null) return { kind: 'ask', losing: operationLoses }
      const context: MergeContext = { mineAtMs: madeAtMs, theirsAtMs: current.lastModifiedMs }
      const merged = mergeThreeWay({ base: baseState, mine, theirs }, rules, context)
      if (merged.kind === 'unsettled') return { kind: 'ask', fields: merged.fields, losing: operationLoses }
      if (merged.value === undefined) return { kind: 'ask', losing: operationLoses }
      const data = { current: theirs, operation: payload }
      return { kind: 'merge', state: merged.value, losing: { entity: ref, version, side: 'both', data } }
    }
  }
}

/**
 * The outcome that puts a conflict before a person. `proposed` is what the change would make of the entity as it is now;
 * the fields named are those that no rule could settle, or else those that the change would overwrite.
 */
export function conflictOutcome(
  current: { readonly version: number; readonly state: Json },
  proposed: Json | undefined,
  fields: readonly string[] | undefined,
): Conflict {
  return {
    outcome: 'conflict',
    version: current.version,
    current: current.state,
    conflictFields: fields ?? (proposed === undefined ? [] : differingFields(proposed, current.state)),
    problem: problem('conflict', 'Somebody else changed it first', {
      detail: `It is at version ${current.version} now.`,
    }),
  }
}

/** True when a change would leave the entity as it is: then its times may differ, and nothing is in conflict. */
export function changesNothing(proposed: Json | undefined, current: Json): boolean {
  return proposed === undefined || isEqualJson(proposed, current)
}
