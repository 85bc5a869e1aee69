/** A person's settings: for each the latest choice wins, whichever device it was made on and whenever it arrives. */
import {
  defineLane,
  defineOperation,
  type AnyOperationDefinition,
  type JsonObject,
  type OperationDefinition,
} from '@holdfast/core'
import * as v from 'valibot'
import { anyObject, recordId, strict, text } from '../schema-parts.ts'

/** Some settings of a person, each under its name; `null` takes one away. */
export type PreferencesUpdate = {
  readonly id: string
  readonly userId: string
  readonly preferences: JsonObject
}

/** The kind of entity that a person's settings are. */
export const preferencesKind = 'preferences'

const preferencesLane = defineLane('preferences', { priority: 'low', onDead: 'skip' })

/** Sets some settings. */
export const setPreferences: OperationDefinition<PreferencesUpdate> = defineOperation({
  type: 'preferences.set',
  version: 1,
  payload: v.strictObject({ id: recordId(), userId: text(100), preferences: anyObject(10_000) }, strict),
  lane: ({ userId }) => preferencesLane(userId),
  entity: ({ userId }) => ({ kind: preferencesKind, id: userId }),
  policy: { conflict: 'client_wins' },
})

/** All operations of the pack. */
export const preferencesOperations: readonly AnyOperationDefinition[] = [setPreferences]
