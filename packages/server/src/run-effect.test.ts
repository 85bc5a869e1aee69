/** Whose fault it is when a driver's error has no SQLSTATE: the savepoint tells. */
import { expect, test } from 'vitest'
import type { Query } from './database/database.ts'
import { applied } from './handler.ts'
import { changeNote, idOf } from './notes.fixture.ts'
import { runEffect, type EffectCall } from './run-effect.ts'

const call: EffectCall = {
  handler: {
    kind: 'effect',
    definition: changeNote,
    run: async (_operation, _entity, { query }) => {
      await query('own', 'select 1', []).catch(() => [])
      return applied()
    },
  },
  operation: { id: idOf('a'), type: changeNote.type, payload: {}, ageMs: 0 },
  entity: undefined,
  context: { tenant: 'north', user: 'ana', nowMs: 0 },
}

/** A connection on which the statements with these names fail, in the driver. */
const connection =
  (...failing: readonly string[]): Query =>
  (name) =>
    failing.includes(name) ? Promise.reject(new Error(`${name} failed in the driver`)) : Promise.resolve([])

test('an error of the driver is the effect’s own when its savepoint can be rolled back to', async () => {
  expect(await runEffect(connection(), call)).toMatchObject({ kind: 'decided' })
  expect(await runEffect(connection('own'), call)).toMatchObject({
    kind: 'failed',
    error: { message: 'own failed in the driver' },
  })
})

test('F025 a connection that is lost in the middle of an effect is no fault of the effect', async () => {
  await expect(runEffect(connection('own', 'holdfast-effect-undo'), call)).rejects.toThrow('undo failed in the driver')
})
