/** Collections: what a page reads of one kind of entity, and how operations that are on their way show in it. */
import { CollectionView, type ViewHost } from './collection.ts'
import { SyncError, type Json, type OperationDefinition, type OperationId } from '@holdfast/core'

/** What an overlay is told about the operation. */
export interface OverlayContext {
  readonly id: OperationId
  /** Device clock, ms since 1970. */
  readonly createdAtMs: number
}

/** How one type of operation shows before the server has answered it. Made by {@link optimistic}. */
export interface Overlay<State> {
  readonly type: string
  readonly entityIdOf: (payload: Json) => string | undefined
  readonly apply: (payload: Json, current: State | undefined, context: OverlayContext) => State | undefined
}

/** What a collection is made of; see {@link defineCollection}. */
export interface CollectionOptions<State> {
  /** The kind of entity, as the server's handlers call it. */
  readonly kind: string
  /** The version of what is kept on the device, 1 or more. A higher one than what is kept there migrates it, or reads it anew. */
  readonly version: number
  /** The state of an entity as the feed gave it; `undefined` for one that this release cannot read: it is kept, not shown. */
  readonly read: (state: Json) => State | undefined
  /** Turns what an older release has kept into what `read` understands. Without it, everything is read anew. */
  readonly migrate?: (fromVersion: number, state: Json) => Json
  readonly overlays?: readonly Overlay<State>[]
}

/** A definition, complete. */
export interface CollectionDefinition<State> extends CollectionOptions<State> {
  readonly overlayOf: ReadonlyMap<string, Overlay<State>>
  /** The view of this collection among those of an owner: made once. */
  readonly viewIn: (owner: object, host: ViewHost) => CollectionView<State>
}

/**
 * Defines a collection.
 *
 * @example
 * const orders = defineCollection({
 *   kind: 'order', version: 1, read: readOrder,
 *   overlays: [optimistic(placeOrder, (order) => ({ ...order, status: 'placed' }))],
 * })
 * @throws SyncError `invalid-definition` when the version is no whole number from 1, or a type has two overlays
 */
export function defineCollection<State>(options: CollectionOptions<State>): CollectionDefinition<State> {
  const { kind, version, overlays = [] } = options
  if (kind === '' || !Number.isInteger(version) || version < 1) {
    throw new SyncError(
      'invalid-definition',
      `A collection has a kind and a version, a whole number from 1; got "${kind}" and ${version}.`,
    )
  }
  const overlayOf = new Map(overlays.map((overlay) => [overlay.type, overlay]))
  if (overlayOf.size < overlays.length) {
    throw new SyncError('invalid-definition', `Each type has one overlay in the collection of "${kind}".`)
  }
  const views = new WeakMap<object, CollectionView<State>>()
  const viewIn = (owner: object, host: ViewHost): CollectionView<State> => {
    const view = views.get(owner) ?? new CollectionView({ ...options, overlayOf }, host)
    views.set(owner, view)
    return view
  }
  return { ...options, overlayOf, viewIn }
}

/**
 * Says how an operation shows in a collection while it is on its way. `apply` gives the state after it, or `undefined`
 * when the entity is removed by it. It runs again whenever the server's state moves, so it must be pure and quick.
 *
 * @throws SyncError `invalid-definition` when the definition says nothing of an entity
 */
export function optimistic<Payload, State>(
  definition: OperationDefinition<Payload>,
  apply: (payload: Payload, current: State | undefined, context: OverlayContext) => State | undefined,
): Overlay<State> {
  const { type, entity } = definition
  if (entity === undefined) {
    throw new SyncError(
      'invalid-definition',
      `"${type}" changes no entity that could be shown; give its definition an \`entity\`.`,
    )
  }
  return {
    type,
    entityIdOf: (payload) => whenRead(definition, payload, (read) => entity(read).id),
    apply: (payload, current, context) =>
      whenRead(definition, payload, (read) => ({ state: apply(read, current, context) }))?.state,
  }
}

/** Runs work on a payload that was stored; an older release may have stored another shape, which shows nothing. */
function whenRead<Payload, Value>(
  { payload: schema }: OperationDefinition<Payload>,
  payload: Json,
  work: (read: Payload) => Value,
): Value | undefined {
  const result = schema['~standard'].validate(payload)
  // Nothing that is shown waits for a schema that wants to be waited for.
  if (result instanceof Promise || result.issues !== undefined) return undefined
  return work(result.value)
}
