import { SyncError } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { Counting } from './counting.ts'
import { StatusBoard } from './status.ts'
import { memoryDisk, openMemoryStore } from './store/memory-store.ts'
import type { Store, StoreCounts } from './store/store.ts'
import { World } from './world.fixture.ts'

const nothing: StoreCounts = { queued: 0, waiting: 0, conflicted: 0, dead: 0 }

/** A store that is asked for counts and answers when the test says so. */
function slowStore(): { readonly store: Store; readonly asked: PromiseWithResolvers<StoreCounts>[] } {
  const asked: PromiseWithResolvers<StoreCounts>[] = []
  const counts = (): Promise<StoreCounts> => {
    const request = Promise.withResolvers<StoreCounts>()
    asked.push(request)
    return request.promise
  }
  return { store: { ...openMemoryStore(memoryDisk()), counts }, asked }
}

describe('counting', () => {
  test('I12 zero that the store said before something was stored is not shown, and the store is asked again', async () => {
    const [world, { store, asked }] = [new World(), slowStore()]
    const { clock } = world.environment()
    const board = new StatusBoard(clock, true)
    const counting = new Counting(clock, store, board)
    counting.recountSoon()
    await world.advance(200)
    counting.noteStored(1)
    asked[0]?.resolve(nothing)
    await world.settle()
    expect(board.snapshot.pending).toBe(1)
    await world.advance(1000)
    asked[1]?.resolve(nothing)
    await world.settle()
    expect(board.snapshot).toMatchObject({ pending: 0, progress: { done: 0, total: 0 } })
    counting.close()
  })

  test('I12 an entry that was found here counts, although nobody told of it', async () => {
    const [world, { store }] = [new World(), slowStore()]
    const { clock } = world.environment()
    const board = new StatusBoard(clock, true)
    const counting = new Counting(clock, store, board)
    const source = openMemoryStore(memoryDisk())
    const [entry] = await source.append([
      {
        operation: { id: world.newId(), type: 'note.add', version: 1, lane: 'a', payload: null, createdAtMs: 0 },
        priority: 'medium',
        onDead: 'block',
      },
    ])
    if (entry !== undefined) counting.noteSeen(entry)
    expect(board.snapshot.pending).toBe(1)
    counting.close()
  })

  test('a store that fails is asked again until it answers', async () => {
    const [world, { store, asked }] = [new World(), slowStore()]
    const { clock } = world.environment()
    const board = new StatusBoard(clock, true)
    const counting = new Counting(clock, store, board)
    counting.recountNow()
    asked[0]?.reject(new SyncError('storage', 'The disk failed.'))
    await world.advance(1000)
    asked[1]?.resolve({ ...nothing, dead: 2 })
    await world.settle()
    expect(board.snapshot.needsYou).toBe(2)
    counting.close()
  })
})
