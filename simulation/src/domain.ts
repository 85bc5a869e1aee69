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
  type SchemaResult,
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

/** The app's releases. */
export type Release = 'first' | 'second'

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
  /** The mark that the server gave the wish it comes after; a reference until the server knows it. */
  readonly parentMark?: string
  /** What the second release of the app adds, and its server insists on. */
  readonly format?: 2
}

/** The schema of a release: the second one takes no wish of the first that was not upgraded. */
function wishSchema(isSecond: boolean): Schema<Wish> {
  return { '~standard': { version: 1, vendor: 'simulation', validate: (value) => validateWish(value, isSecond) } }
}

function validateWish(value: unknown, isSecond: boolean): SchemaResult<Wish> {
  if (!isRecord(value)) return { issues: [{ message: 'expected a wish' }] }
  const { token, thing, refusedBeforeMs, brokenBeforeMs, onVersion, parentMark } = value
  if (typeof token !== 'number' || typeof thing !== 'string' || (isSecond && value['format'] !== 2)) {
    return { issues: [{ message: 'expected a wish' }] }
  }
  return {
    value: {
      token,
      thing,
      ...(isSecond && { format: 2 }),
      ...(typeof refusedBeforeMs === 'number' && { refusedBeforeMs }),
      ...(typeof brokenBeforeMs === 'number' && { brokenBeforeMs }),
      ...(typeof onVersion === 'number' && { onVersion }),
      ...(typeof parentMark === 'string' && { parentMark }),
    },
  }
}

function define(
  type: string,
  lane: (id: string) => Lane,
  policy: PolicyOptions,
  release: Release = 'first',
): OperationDefinition<Wish> {
  const isSecond = release === 'second'
  return defineOperation({
    type,
    version: isSecond ? 2 : 1,
    payload: wishSchema(isSecond),
    lane: ({ thing }) => lane(thing),
    entity: ({ thing }) => ({ kind: 'thing', id: thing }),
    policy,
    ...(isSecond && { upgrade: (_from: number, wish: Json) => (isRecord(wish) ? { ...wish, format: 2 } : wish) }),
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
const movePolicy: PolicyOptions = { batch: { max: 3, lingerMs: 5000 }, conflict: 'client_wins' }
const moveUsual: { readonly [Each in Release]: OperationDefinition<Wish> } = {
  first: define('thing.move', usualLane, movePolicy),
  second: define('thing.move', usualLane, movePolicy, 'second'),
}
/** Notes something in a lane in which dead letters do not block. */
const recordLow = define('thing.record', recordLane, { retry: fixed(1000, 5000, 15_000) })
/** A type that the server learns later than the client. */
const changeNew = define('thing.change-new', usualLane, {})

/** The types of a release, by how often people use them. */
export function definitionsOf(release: Release): readonly OperationDefinition<Wish>[] {
  return [placeUrgent, changeUsual, changeUsual, moveUsual[release], recordLow, changeNew]
}

/** The type that is used in a flood. */
export const urgentDefinition: OperationDefinition<Wish> = placeUrgent

/** Every type of a release once, as an outbox is opened with them. */
export function operationsOf(release: Release): readonly AnyOperationDefinition[] {
  return [placeUrgent, changeUsual, moveUsual[release], recordLow, changeNew]
}

/** A wish of any release, as a form of this release puts it. */
export function inRelease(release: Release, type: string, wish: unknown): unknown {
  if (!isRecord(wish)) return wish
  const { format: _, ...rest } = wish
  return release === 'second' && type === moveUsual.second.type ? { ...rest, format: 2 } : rest
}

/** True for types whose lane lets others pass a dead letter. */
export function isSkipping(definition: AnyOperationDefinition): boolean {
  return definition.type === recordLow.type
}

function take(
  { payload: { token, refusedBeforeMs, brokenBeforeMs, onVersion, parentMark } }: { readonly payload: Wish },
  entity: Entity | undefined,
  { nowMs }: DecideContext,
): Decision {
  if (brokenBeforeMs !== undefined && nowMs < brokenBeforeMs) throw new TypeError('a bug in a decider')
  if (refusedBeforeMs !== undefined && nowMs < refusedBeforeMs) return refused('Not now.')
  const effect: Effect = {
    token,
    ...(onVersion !== undefined && { onVersion }),
    ...(parentMark !== undefined && { parent: tokenOfMark(parentMark) }),
  }
  return applied([...effectsOf(entity?.state), effect], { ids: { mark: `${markStart}${token}` } })
}

/** What stands before the token in the mark that the server gives each wish. */
const markStart = 'mark-'

/** The token in a mark; -1 for anything else. */
function tokenOfMark(mark: string): number {
  return mark.startsWith(markStart) ? Number(mark.slice(markStart.length)) : -1
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

function handle(definitions: readonly OperationDefinition<Wish>[]): readonly Handler[] {
  return definitions.map((definition) => on(definition, decide(take)))
}

/** What the server does at first: it knows less than the app. */
export const firstHandlers: readonly Handler[] = handle([placeUrgent, changeUsual, moveUsual.first, recordLow])

/** What the next release of the server does besides, or otherwise. */
export const laterHandlers: readonly Handler[] = handle([moveUsual.second, changeNew])
