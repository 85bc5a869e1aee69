/**
 * What people do in the app, for its makers: sent last, in large batches, and the one type that may be dropped. Shared by
 * page, service worker and server.
 */
import {
  defineLane,
  defineOperation,
  exponential,
  type AnyOperationDefinition,
  type JsonObject,
  type OperationDefinition,
} from '@holdfast/core'
import * as v from 'valibot'
import { anyObject, instant, recordId, strict, text, whole } from '../schema-parts.ts'

export {
  sample,
  samplingDefaults,
  samplingStart,
  type Sampled,
  type SamplingLimits,
  type SamplingState,
} from './sampling.ts'

/** Something that happened. */
export type AnalyticsEvent = {
  readonly id: string
  readonly name: string
  readonly timestamp: string
  readonly properties?: JsonObject
  /** How many events this one stands for, where only some are kept. */
  readonly weight?: number
  /** How many events were dropped on this device since the one before. */
  readonly dropped?: number
}

/** The kind of entity that an event is. */
export const eventKind = 'analytics-event'

const analyticsLane = defineLane('analytics', { priority: 'low', onDead: 'skip' })

/** The schema of an event. */
export const eventSchema: v.GenericSchema<AnalyticsEvent> = v.strictObject(
  {
    id: recordId(),
    name: text(100),
    timestamp: instant(),
    properties: v.exactOptional(anyObject(4_000)),
    weight: v.exactOptional(whole(1, 1_000_000)),
    dropped: v.exactOptional(whole(0, 1_000_000_000)),
  },
  strict,
)

/** Writes an event down. */
export const recordEvent: OperationDefinition<AnalyticsEvent> = defineOperation({
  type: 'analytics.event',
  version: 1,
  payload: eventSchema,
  lane: () => analyticsLane('events'),
  entity: ({ id }) => ({ kind: eventKind, id }),
  policy: {
    batch: { max: 100, lingerMs: 30_000 },
    retry: exponential({ baseMs: 5_000, attempts: 3 }),
    conflict: 'server_wins',
  },
})

/** All operations of the pack. */
export const analyticsOperations: readonly AnyOperationDefinition[] = [recordEvent]
