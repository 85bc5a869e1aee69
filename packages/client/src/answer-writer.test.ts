import { expect, test } from 'vitest'
import { AnswerWriter, type Answered } from './answer-writer.ts'
import { openMemoryStore } from './store/memory-store.ts'
import { always, appliedChange, queuedOperation } from './store/store.fixture.ts'
import type { Store } from './store/store.ts'
import { World } from './world.fixture.ts'

test('answers that come without a wait in between share one transaction, in a turn of its own', async () => {
  const { world, writer, updates, answers } = await writerOf(3)
  for (const answered of answers) {
    writer.add(answered)
    writer.flush()
  }
  await Promise.resolve()
  expect(updates).toEqual([])
  await world.advance(0)
  await writer.idle()
  expect(updates).toEqual([3])
})

test('whoever waits for the disk does not wait for a turn', async () => {
  const { writer, updates, answers } = await writerOf(2)
  for (const answered of answers) writer.add(answered)
  writer.flush()
  await writer.idle()
  expect(updates).toEqual([2])
})

/** A writer with as many answers, of one entry each, and the number of requests in each of its updates. */
async function writerOf(count: number): Promise<{
  readonly world: World
  readonly writer: AnswerWriter
  readonly updates: number[]
  readonly answers: readonly Answered[]
}> {
  const world = new World()
  const memory = openMemoryStore()
  const updates: number[] = []
  const store: Store = {
    ...memory,
    update: (requests, options) => {
      updates.push(requests.length)
      return memory.update(requests, options)
    },
  }
  const entries = await memory.append(Array.from({ length: count }, (_, nth) => queuedOperation(`entry-${nth}`)))
  const writer = new AnswerWriter({ store, environment: world.environment() }, () => {})
  writer.begin({ epoch: await memory.claim('here', 0), onWritten: () => {} })
  const answers = entries.map((entry) => ({
    requests: [always(entry, appliedChange())],
    pass: undefined,
    isPlain: true,
  }))
  return { world, writer, updates, answers }
}
