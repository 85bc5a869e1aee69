/**
 * Conflicts, pure: whether two people have changed one thing, in which fields, and which side a strategy takes.
 *
 *   both sides have versions ──▶ they differ: `version`
 *   both have only times     ──▶ more than five seconds apart and fields differ: `timestamp`
 *   neither                  ──▶ fields differ: `data`
 *
 * Versions go first because they cannot be wrong; clocks can, and are asked only where data has nothing better.
 */
import { isEqualJson } from './json-equality.ts'
import { isRecord, ownMember, type Json } from './json.ts'
import { mergeThreeWay, type MergeContext, type MergeRules } from './merge.ts'
import type { ConflictStrategy } from './policy.ts'

/** Times that lie no further apart than this, ms, are taken for one: two clocks never agree exactly. */
export const sameInstantMs = 5_000

/** One side's data, with whatever says how old it is. */
export interface Revision {
  readonly data: Json
  readonly version?: number
  /** Ms since 1970; regarded only where a version is missing. */
  readonly lastModifiedMs?: number
}

/** How a conflict was noticed. */
export type ConflictKind = 'version' | 'timestamp' | 'data'

/** A conflict, with the fields in which the sides differ, in alphabetical order. */
export interface DetectedConflict {
  readonly kind: ConflictKind
  readonly conflictFields: readonly string[]
}

/** What a strategy makes of a conflict. `unsettled` is for a person; nothing has been chosen then. */
export type Resolution =
  | { readonly kind: 'settled'; readonly value: Json }
  | { readonly kind: 'unsettled'; readonly fields: readonly string[] }

/** Finds the conflict between two revisions of one thing, or `undefined`. */
export function detectConflict(mine: Revision, theirs: Revision): DetectedConflict | undefined {
  const conflictFields = differingFields(mine.data, theirs.data)
  if (mine.version !== undefined && theirs.version !== undefined) {
    return mine.version === theirs.version ? undefined : { kind: 'version', conflictFields }
  }
  if (isEqualJson(mine.data, theirs.data)) return undefined
  if (mine.lastModifiedMs !== undefined && theirs.lastModifiedMs !== undefined) {
    const isApart = isAnotherInstant(mine.lastModifiedMs, theirs.lastModifiedMs)
    return isApart ? { kind: 'timestamp', conflictFields } : undefined
  }
  return { kind: 'data', conflictFields }
}

/** True when two times, ms, lie so far apart that they are two changes and not two clocks. */
export function isAnotherInstant(leftMs: number, rightMs: number): boolean {
  return Math.abs(leftMs - rightMs) > sameInstantMs
}

/** Both sides of a conflict and what they were made from; `base` is absent where nobody kept it. */
export interface ConflictSides {
  readonly base?: Json
  readonly mine: Json
  readonly theirs: Json
}

/** Settles a conflict by a strategy; `rules` and `context` are for `merge`. */
export function resolveConflict(
  strategy: ConflictStrategy,
  sides: ConflictSides,
  rules: MergeRules,
  context: MergeContext,
): Resolution {
  switch (strategy) {
    case 'server_wins':
      return { kind: 'settled', value: sides.theirs }
    case 'client_wins':
      return { kind: 'settled', value: sides.mine }
    case 'manual':
      return { kind: 'unsettled', fields: differingFields(sides.mine, sides.theirs) }
    case 'merge': {
      const merged = mergeThreeWay(sides, rules, context)
      if (merged.kind === 'unsettled') return merged
      return merged.value === undefined
        ? { kind: 'unsettled', fields: differingFields(sides.mine, sides.theirs) }
        : { kind: 'settled', value: merged.value }
    }
  }
}

/** The names of the fields in which two objects differ, in alphabetical order; none for what is not an object. */
export function differingFields(mine: Json, theirs: Json): readonly string[] {
  if (!isRecord(mine) || !isRecord(theirs)) return []
  const names = new Set([...Object.keys(mine), ...Object.keys(theirs)])
  return [...names]
    .filter((name) => !isEqualJson(ownMember(mine, name), ownMember(theirs, name)))
    .toSorted((left, right) => (left < right ? -1 : 1))
}
