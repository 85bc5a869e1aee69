import { expect, test } from 'vitest'
import { changeNote, noteHandlers, noteOp } from './notes.fixture.ts'
import { prepareBatch, type PrepareContext } from './prepare.ts'

const context: PrepareContext = {
  handlers: new Map(noteHandlers.map((handler) => [handler.definition.type, handler])),
  user: 'ana',
  rows: new Map(),
}

test('a refusal repeats at most 200 characters of where it was, and they are whole', async () => {
  // The 200th character is the first half of a surrogate pair.
  const key = `${'k'.repeat(190)}${'\u{1f600}'.repeat(100_000)}`
  const [prepared] = await prepareBatch([noteOp('a', changeNote, { id: 'n', [key]: 'nul \u0000' })], context)
  const readiness = prepared?.readiness
  const pointer = readiness?.kind === 'invalid' ? readiness.problem.pointer : undefined
  expect(pointer).toBe(`/payload/${'k'.repeat(190)}\ufffd`)
})
