/** The circuit breaker as everybody sees it: whoever leads keeps it, and all contexts show it. */
import { expect, test } from 'vitest'
import { addNote, note, openNotes } from './note.fixture.ts'
import { memoryDisk } from './store/memory-store.ts'
import { httpAnswer, World } from './world.fixture.ts'

test('F025 I10 a server that fails opens the circuit in every tab, one request tries, and an answer closes it', async () => {
  const world = new World()
  const disk = memoryDisk()
  const tabs = [await openNotes(world, disk), await openNotes(world, disk)]
  const shown = (): readonly string[] => tabs.map((tab) => tab.status().circuit)
  world.server.misbehave = () => httpAnswer(503, undefined, 'text/html')
  await tabs[1]?.enqueue(addNote, note('one'))
  await world.advance(100)
  expect(shown()).toEqual(['open', 'open'])
  const sent = world.server.requests.length
  await tabs[1]?.enqueue(addNote, note('two'))
  await world.advance(100)
  expect(world.server.requests).toHaveLength(sent)
  await world.advance(1200)
  expect(world.server.requests).toHaveLength(sent + 1)
  expect(shown()).toEqual(['open', 'open'])
  world.server.misbehave = () => undefined
  await world.advance(10_000)
  expect(world.server.requests).toHaveLength(sent + 2)
  expect(shown()).toEqual(['closed', 'closed'])
})
