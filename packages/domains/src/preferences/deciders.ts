/**
 * What happens to settings. Latest is judged by the server's clock less the operation's age: a device whose clock is wrong
 * has the age right, and a change that lay in a queue for a week does not undo yesterday's.
 */
import { isRecord, type Json } from '@holdfast/core'
import { applied, decide, on, refused, type Handler } from '@holdfast/server'
import { setPreferences } from './operations.ts'

/** The handlers of the pack. */
export const preferencesHandlers: readonly Handler[] = [
  on(
    setPreferences,
    decide(({ payload: { userId, preferences }, ageMs }, entity, { user, nowMs }) => {
      if (userId !== user) return refused('Only a person changes that person’s settings.')
      const madeAtMs = nowMs - ageMs
      const state = isRecord(entity?.state) ? entity.state : {}
      const values = new Map<string, Json>(Object.entries(objectOf(state['values'])))
      const setAtMs = new Map<string, Json>(Object.entries(objectOf(state['setAtMs'])))
      for (const [name, value] of Object.entries(preferences)) {
        const before = setAtMs.get(name)
        if (typeof before === 'number' && before > madeAtMs) continue
        setAtMs.set(name, madeAtMs)
        if (value === null) values.delete(name)
        else values.set(name, value)
      }
      return applied({ values: Object.fromEntries(values), setAtMs: Object.fromEntries(setAtMs) })
    }),
  ),
]

function objectOf(value: Json | undefined): { readonly [name: string]: Json } {
  return isRecord(value) ? value : {}
}
