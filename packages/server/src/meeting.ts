/**
 * What becomes of an operation that was made on another state than its entity has now: its decider is asked what it
 * makes of the entity as it is and as the sender saw it, and the type's strategy does the rest. Pure.
 */
import type { AnyOperationDefinition, Base, EntityRef, FinalOutcome, Json } from '@holdfast/core'
import { changesNothing, conflictOutcome, settleConflict, type LosingSide } from './conflict.ts'
import type { StoredEntity } from './decide-batch.ts'
import type { Decision, Entity } from './handler.ts'

/** An operation that meets an entity which somebody else has changed. */
export interface MetOperation {
  readonly definition: AnyOperationDefinition
  readonly ref: EntityRef
  readonly current: StoredEntity
  readonly base: Base | undefined
  /** The payload as it came, and as its schema read it. */
  readonly wirePayload: Json
  readonly payload: unknown
  readonly madeAtMs: number
  /** What the operation makes of an entity; absent for an effect, which is not tried: then a merge is for a person. */
  readonly decide?: (entity: Entity | undefined) => Decision
}

/** How it goes on. `losing` is kept when the operation has an outcome here, or is applied later. */
export type Met =
  /** Nothing is in conflict: it is decided as any other. */
  | { readonly kind: 'none' }
  | { readonly kind: 'settled'; readonly outcome: FinalOutcome; readonly losing: LosingSide }
  /** Its decision takes effect, with `state` in the place of the decider's where that is given. */
  | { readonly kind: 'apply'; readonly state?: Json; readonly losing: LosingSide }

/** Settles an outdated operation, as far as that can be done without a person. */
export function meet(met: MetOperation): Met {
  const { definition, ref, current, base, decide } = met
  const entity = current.state === null ? undefined : current
  const { conflict } = definition.policyFor(definition.lane(met.payload).priority)
  // Nothing is overwritten because somebody forgot to give rules.
  const strategy = conflict === 'merge' && definition.merge === undefined ? 'manual' : conflict
  const onCurrent = strategy === 'server_wins' ? undefined : decide?.(entity)
  const proposed = onCurrent?.kind === 'applied' ? onCurrent.state : undefined
  const isTimed = base !== undefined && 'lastModifiedMs' in base
  if (isTimed && onCurrent?.kind === 'applied' && changesNothing(proposed, current.state)) return { kind: 'none' }
  const isRemoved = current.state === null || proposed === null
  // What the domain refuses today it refuses; what the sender saw is not believed to be otherwise.
  if (strategy === 'merge' && !isRemoved && onCurrent !== undefined && proposed === undefined) return { kind: 'none' }
  const baseState = base !== undefined && 'state' in base ? base.state : undefined
  const settlement = settleConflict(
    strategy,
    {
      ref,
      current,
      payload: met.wirePayload,
      madeAtMs: met.madeAtMs,
      ...(baseState !== undefined && { baseState }),
      mine: (strategy === 'merge' && baseState !== undefined ? onBase(met, baseState) : proposed) ?? null,
    },
    definition.merge ?? {},
  )
  const { losing } = settlement
  switch (settlement.kind) {
    case 'ask':
      return { kind: 'settled', outcome: conflictOutcome(current, proposed, settlement.fields), losing }
    case 'keep': {
      const outcome = {
        outcome: 'applied',
        version: current.version,
        result: current.state,
        conflictResolved: true,
      } as const
      return { kind: 'settled', outcome, losing }
    }
    case 'merge':
      return { kind: 'apply', state: settlement.state, losing }
    case 'apply':
      return { kind: 'apply', losing }
  }
}

/** What the operation made of the entity as its sender saw it; `undefined` when the domain would have refused it there. */
function onBase({ base, current, decide }: MetOperation, state: Json): Json | undefined {
  const version = base !== undefined && 'version' in base ? base.version : current.version
  const decision = decide?.(state === null ? undefined : { version, state, lastModifiedMs: current.lastModifiedMs })
  return decision?.kind === 'applied' ? decision.state : undefined
}
