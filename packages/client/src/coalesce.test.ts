/** Entries under one key: the newest counts, the older ones are seen to have given way, and nothing is lost between them. */
import { expect, test } from 'vitest'
import { addNote, note, openNotes, refusing, textsOf } from './note.fixture.ts'
import { memoryDisk } from './store/memory-store.ts'
import { World } from './world.fixture.ts'

test('of what is enqueued offline under one key, only the newest is sent, in the order of its lane', async () => {
  const world = new World()
  world.server.misbehave = () => 'lose-request'
  world.server.probe = 'red'
  const outbox = await openNotes(world, memoryDisk())
  await outbox.enqueue(addNote, note('other'))
  await world.advance(1000)
  const drafts = []
  for (const text of ['d1', 'd2', 'd3']) drafts.push(await outbox.enqueue(addNote, note(text), { coalesce: 'draft' }))
  await outbox.enqueue(addNote, note('after'))
  const [first, , last] = drafts
  if (first === undefined || last === undefined) throw new TypeError('three drafts')
  expect(await outbox.entry(first.id)).toMatchObject({ state: { kind: 'discarded', cause: 'superseded' } })
  await world.advance(1000)
  expect(outbox.status().pending).toBe(3)
  world.server.misbehave = () => undefined
  world.server.probe = 'green'
  await world.hint()
  await world.advance(120_000)
  expect(textsOf(world)).toEqual(['other', 'd3', 'after'])
  expect((await last.settled).kind).toBe('applied')
  expect(await first.settled).toMatchObject({ kind: 'discarded', isCertain: true })
  expect(world.server.requests.at(-1)?.operations.map(({ payload }) => payload)).not.toContainEqual(note('d1'))
})

test('F012 an older one that had arrived takes effect, and the newer one too: its content is never lost', async () => {
  const world = new World()
  const outbox = await openNotes(world, memoryDisk())
  world.server.misbehave = () => 'lose-answer'
  world.server.probe = 'red'
  await outbox.enqueue(addNote, note('d1'), { coalesce: 'draft' })
  await world.advance(1000)
  const last = await outbox.enqueue(addNote, note('d2'), { coalesce: 'draft' })
  world.server.misbehave = () => undefined
  world.server.probe = 'green'
  await world.hint()
  await world.advance(120_000)
  expect(textsOf(world)).toEqual(['d1', 'd2'])
  expect((await last.settled).kind).toBe('applied')
})

test('F014 an older one that arrives late has no effect', async () => {
  const world = new World()
  const outbox = await openNotes(world, memoryDisk())
  world.server.misbehave = () => 'lose-request'
  await outbox.enqueue(addNote, note('d1'), { coalesce: 'draft' })
  await world.advance(1000)
  const [late] = world.server.requests
  await outbox.enqueue(addNote, note('d2'), { coalesce: 'draft' })
  world.server.misbehave = () => undefined
  await world.hint()
  await world.advance(120_000)
  if (late !== undefined) await world.server.transport().send(late, new AbortController().signal)
  expect(textsOf(world)).toEqual(['d2'])
})

test('a discard of the newest takes all of them back, and its undo brings the newest back', async () => {
  const world = new World()
  const outbox = await openNotes(world, memoryDisk())
  world.server.misbehave = () => 'lose-request'
  world.server.probe = 'red'
  for (const text of ['d1', 'd2']) {
    await outbox.enqueue(addNote, note(text), { coalesce: 'draft' })
    world.server.probe = 'green'
    await world.hint()
    world.server.probe = 'red'
    await world.advance(1000)
  }
  const late = [...world.server.requests]
  expect(late.flatMap(({ operations }) => operations.map(({ payload }) => payload))).toContainEqual(note('d1'))
  const last = await outbox.enqueue(addNote, note('d3'), { coalesce: 'draft' })
  await outbox.discard(last.id)
  world.server.misbehave = () => undefined
  world.server.probe = 'green'
  await world.hint()
  await world.advance(120_000)
  for (const request of late) await world.server.transport().send(request, new AbortController().signal)
  expect(textsOf(world)).toEqual([])
  await outbox.undo(last.id)
  await world.advance(1000)
  expect(textsOf(world)).toEqual(['d3'])
})

test('F014 an edit of the newest absorbs what that one absorbed', async () => {
  const world = new World()
  const outbox = await openNotes(world, memoryDisk())
  world.server.misbehave = () => 'lose-request'
  await outbox.enqueue(addNote, note('d1'), { coalesce: 'draft' })
  await world.advance(1000)
  const [late] = world.server.requests
  const last = await outbox.enqueue(addNote, note('d2'), { coalesce: 'draft' })
  await outbox.edit(last.id, note('D2'))
  world.server.misbehave = () => undefined
  await world.hint()
  await world.advance(120_000)
  if (late !== undefined) await world.server.transport().send(late, new AbortController().signal)
  expect(textsOf(world)).toEqual(['D2'])
})

test('I8 a dead letter does not give way: it waits for a person, and the newer one behind it', async () => {
  const world = new World()
  const outbox = await openNotes(world, memoryDisk())
  world.server.decide = refusing('d1')
  const first = await outbox.enqueue(addNote, note('d1'), { coalesce: 'draft' })
  await world.advance(1000)
  await outbox.enqueue(addNote, note('d2'), { coalesce: 'draft' })
  await world.advance(60_000)
  expect(outbox.status()).toMatchObject({ pending: 1, needsYou: 1 })
  await outbox.discard(first.id)
  await world.advance(1000)
  expect(textsOf(world)).toEqual(['d2'])
})

test('calls keep their order, whether they coalesce or not', async () => {
  const world = new World()
  const outbox = await openNotes(world, memoryDisk())
  await Promise.all([
    outbox.enqueue(addNote, note('1')),
    outbox.enqueue(addNote, note('2'), { coalesce: 'two' }),
    outbox.enqueue(addNote, note('3')),
    outbox.enqueue(addNote, note('4'), { coalesce: 'four' }),
  ])
  await world.advance(1000)
  expect(textsOf(world)).toEqual(['1', '2', '3', '4'])
})

test('a key that is no short text is refused, and nothing is stored', async () => {
  const world = new World()
  world.server.misbehave = () => 'lose-request'
  const outbox = await openNotes(world, memoryDisk())
  for (const coalesce of ['', 'x'.repeat(201), '\ud800']) {
    await expect(outbox.enqueue(addNote, note('1'), { coalesce })).rejects.toMatchObject({ code: 'invalid-payload' })
  }
  const own = await outbox.enqueue(addNote, note('own'))
  await expect(outbox.enqueue(addNote, note('1'), { id: own.id, coalesce: 'x' })).rejects.toMatchObject({
    code: 'invalid-payload',
  })
  expect((await outbox.entries()).map(({ id }) => id)).toEqual([own.id])
})
