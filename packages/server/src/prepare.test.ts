import { expect, test } from 'vitest'
import { changeNote, noteHandlers, noteOp } from './notes.fixture.ts'
import { prepareBatch, type HandlersByType } from './prepare.ts'

const handlers: HandlersByType = new Map(noteHandlers.map((handler) => [handler.definition.type, handler]))

test('a refusal repeats at most 200 characters of where it was, and they are whole', async () => {
  // The 200th character is the first half of a surrogate pair.
  const key = `${'k'.repeat(190)}${'\u{1f600}'.repeat(100_000)}`
  const [prepared] = await prepareBatch([noteOp('a', changeNote, { id: 'n', [key]: 'nul \u0000' })], handlers)
  const readiness = prepared?.readiness
  const pointer = readiness?.kind === 'invalid' ? readiness.problem.pointer : undefined
  expect(pointer).toBe(`/payload/${'k'.repeat(190)}\ufffd`)
})
