/**
 * The app that is simulated: things that collect tokens. Each person's intent carries a token of its own, and its effect
 * appends the token to the thing's state, so an effect that is missing, doubled or out of order can be seen there.
 */
import {
  defineLane,
  defineOperation,
  exponential,
  fixed,
  isRecord,
  type AnyOperationDefinition,
  type Json,
  type Lane,
  type OperationDefinition,
  type PolicyOptions,
  type Schema,
} from '@holdfast/core'
import {
  applied,
  decide,
  on,
  refused,
  type DecideContext,
  type Decision,
  type Entity,
  type Handler,
} from '@holdfast/server'

/** What a person wants of a thing. */
export interface Wish {
  /** Unique to the intent; a retry under a new id carries the same. */
  readonly token: number
  readonly thing: string
  /** The server refuses it before this instant. */
  readonly refusedBeforeMs?: number
  /** The server's code fails at it before this instant. */
  readonly brokenBeforeMs?: number
  /** The version that it is made on, told twice, so that a base that gets lost on the way shows. */
  readonly onVersion?: number
}

const wishSchema: Schema<Wish> = {
  '~standard': {
    version: 1,
    vendor: 'simulation',
    validate: (value) => {
      if (!isRecord(value)) return { issues: [{ message: 'expected a wish' }] }
      const { token, thing, refusedBeforeMs, brokenBeforeMs, onVersion } = value
      if (typeof token !== 'number' || typeof thing !== 'string') return { issues: [{ message: 'expected a wish' }] }
      return {
        value: {
          token,
          thing,
          ...(typeof refusedBeforeMs === 'number' && { refusedBeforeMs }),
          ...(typeof brokenBeforeMs === 'number' && { brokenBeforeMs }),
          ...(typeof onVersion === 'number' && { onVersion }),
        },
      }
    },
  },
}

function define(type: string, lane: (id: string) => Lane, policy: PolicyOptions): OperationDefinition<Wish> {
  return defineOperation({
    type,
    version: 1,
    payload: wishSchema,
    lane: ({ thing }) => lane(thing),
    entity: ({ thing }) => ({ kind: 'thing', id: thing }),
    policy,
  })
}

const urgentLane = defineLane('urgent', { priority: 'high' })
const usualLane = defineLane('usual')
const recordLane = defineLane('record', { priority: 'low', onDead: 'skip' })

/** Makes or changes a thing in an urgent lane; small batches that linger. */
const placeUrgent = define('thing.place', urgentLane, {
  batch: { max: 10, lingerMs: 30_000 },
  retry: exponential({ baseMs: 30_000, attempts: 6 }),
})
/** Changes a thing in a lane of usual priority. */
const changeUsual = define('thing.change', usualLane, { conflict: 'manual' })
/** As `changeUsual` in the same lanes, with another batch policy: two types share a lane. */
const moveUsual = define('thing.move', usualLane, { batch: { max: 3, lingerMs: 5000 }, conflict: 'client_wins' })
/** Notes something in a lane in which dead letters do not block. */
const recordLow = define('thing.record', recordLane, { retry: fixed(1000, 5000, 15_000) })
/** A type that the server learns later than the client. */
const changeNew = define('thing.change-new', usualLane, {})

/** The types, by how often people use them. */
export const definitions: readonly OperationDefinition<Wish>[] = [
  placeUrgent,
  changeUsual,
  changeUsual,
  moveUsual,
  recordLow,
  changeNew,
]

/** Every type once, as an outbox is opened with them. */
export const operations: readonly AnyOperationDefinition[] = [placeUrgent, changeUsual, moveUsual, recordLow, changeNew]

/** The type that a server of an earlier release does not know. */
export const lateType: string = changeNew.type

/** True for types whose lane lets others pass a dead letter. */
export function isSkipping(definition: AnyOperationDefinition): boolean {
  return definition.type === recordLow.type
}

function take(
  { payload: { token, refusedBeforeMs, brokenBeforeMs, onVersion } }: { readonly payload: Wish },
  entity: Entity | undefined,
  { nowMs }: DecideContext,
): Decision {
  if (brokenBeforeMs !== undefined && nowMs < brokenBeforeMs) throw new TypeError('a bug in a decider')
  if (refusedBeforeMs !== undefined && nowMs < refusedBeforeMs) return refused('Not now.')
  return applied([...effectsOf(entity?.state), onVersion === undefined ? { token } : { token, onVersion }])
}

/** One effect, as a thing's state keeps it. The state is their list, so its length is the thing's version. */
export interface Effect {
  readonly [key: string]: number
  readonly token: number
}

/** The effects in a thing's state, in the order in which they happened. */
export function effectsOf(state: Json | undefined): readonly Effect[] {
  if (!Array.isArray(state)) return []
  const items: readonly unknown[] = state
  return items.filter(isEffect)
}

function isEffect(value: unknown): value is Effect {
  return isRecord(value) && typeof value['token'] === 'number'
}

/** The token in an operation's payload; a cancel has none. */
export function tokenOf(payload: Json): number | undefined {
  return isRecord(payload) && typeof payload['token'] === 'number' ? payload['token'] : undefined
}

/** What the server does with each type. */
export const handlers: readonly Handler[] = [placeUrgent, changeUsual, moveUsual, recordLow, changeNew].map(
  (definition) => on(definition, decide(take)),
)
