/** Two operations with one id: the second one is refused, and what becomes of it says nothing about the first. */
import type { OperationId } from '@holdfast/core'
import { expect, test } from 'vitest'
import { newId } from './new-id.ts'
import { addNote, note, openNotes, textsOf } from './note.fixture.ts'
import type { Outbox } from './outbox.ts'
import { memoryDisk } from './store/memory-store.ts'
import { World } from './world.fixture.ts'

interface Scene {
  readonly world: World
  readonly outbox: Outbox
  readonly id: OperationId
}

/** Another device has used the id for something else, and this one has been told so. */
async function takenId(): Promise<Scene> {
  const [world, other] = [new World(), new World()]
  const id = newId(world.environment())
  const elsewhere = await openNotes(other, memoryDisk())
  await elsewhere.enqueue(addNote, note('theirs'), { id })
  await other.advance(1000)
  const [batch] = other.server.requests
  if (batch === undefined) throw new TypeError('a request')
  await world.server.transport().send(batch, new AbortController().signal)
  const outbox = await openNotes(world, memoryDisk())
  await outbox.enqueue(addNote, note('mine'), { id })
  await world.advance(1000)
  expect(await outbox.entry(id)).toMatchObject({ state: { kind: 'dead', reason: { kind: 'rejected' } } })
  return { world, outbox, id }
}

test('F090 I1 a retry takes an id of its own and takes effect, beside the stranger', async () => {
  const { world, outbox, id } = await takenId()
  const again = await outbox.retry(id)
  expect((await outbox.entry(id))?.state).toMatchObject({ kind: 'discarded', cause: 'superseded', isCertain: true })
  await world.advance(1000)
  expect((await again.settled).kind).toBe('applied')
  expect(textsOf(world)).toEqual(['theirs', 'mine'])
  expect((await outbox.entry(id))?.state.kind).toBe('discarded')
})

test('F090 I1 an edit takes effect, beside the stranger', async () => {
  const { world, outbox, id } = await takenId()
  await outbox.edit(id, note('mine, edited'))
  await world.advance(1000)
  expect(textsOf(world)).toEqual(['theirs', 'mine, edited'])
})

test('F090 I12 a discard is certain at once, cancels nobody, and can be undone', async () => {
  const { world, outbox, id } = await takenId()
  const sent = world.server.requests.length
  await outbox.discard(id)
  await world.advance(1000)
  expect((await outbox.entry(id))?.state).toMatchObject({ kind: 'discarded', cause: 'person', isCertain: true })
  expect(world.server.requests).toHaveLength(sent)
  expect(outbox.status()).toMatchObject({ pending: 0, needsYou: 0 })
  await outbox.undo(id)
  await world.advance(1000)
  expect(textsOf(world)).toEqual(['theirs', 'mine'])
})

test('F090 a discard of an edit whose id was taken still takes back what the edit was to replace', async () => {
  const { world, outbox, id } = await takenId()
  world.server.misbehave = () => 'lose-request'
  const first = await outbox.enqueue(addNote, note('first', 'b'))
  await world.advance(1000)
  const edit = await outbox.edit(first.id, note('second', 'b'))
  const late = world.server.requests.at(-1)
  // The stranger is sent under the id of the edit.
  const stranger = world.server.requests[0]?.operations[0]
  if (stranger === undefined || late === undefined) throw new TypeError('requests')
  world.server.misbehave = () => undefined
  const transport = world.server.transport()
  const { signal } = new AbortController()
  await transport.send({ ...late, operations: [{ ...stranger, id: edit.id, lane: 'other' }] }, signal)
  await world.hint()
  await world.advance(120_000)
  expect((await outbox.entry(edit.id))?.state.kind).toBe('dead')
  await outbox.discard(edit.id)
  await world.advance(1000)
  await transport.send(late, signal)
  expect(textsOf(world)).toEqual(['theirs', 'theirs'])
  expect((await outbox.entry(first.id))?.state).toMatchObject({ kind: 'discarded', isCertain: true })
  expect((await outbox.entry(id))?.state.kind).toBe('dead')
})
