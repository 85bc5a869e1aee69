/** Makes, for a REST door, the very operation that a client's outbox would have made: same id, same hash, one effect. */
import type { Base, Json, OperationDefinition, OperationId, WireOperation } from '@holdfast/core'

/** How a request's operation differs from a plain one. */
export interface WireOperationOptions {
  readonly id: OperationId
  readonly base?: Base
}

/**
 * Makes an operation of today's version of a type. `payload` is what came and is kept as it came; `checked` is what the
 * type's schema made of it.
 */
export function wireOperationOf<Payload>(
  definition: OperationDefinition<Payload>,
  payload: Json,
  checked: Payload,
  { id, base }: WireOperationOptions,
): WireOperation {
  const entity = definition.entity?.(checked)
  return {
    id,
    type: definition.type,
    version: definition.version,
    lane: definition.lane(checked).key,
    payload,
    ageMs: 0,
    ...(entity !== undefined && { entity }),
    ...(base !== undefined && { base }),
  }
}
