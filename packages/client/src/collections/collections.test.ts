import { defineLane, defineOperation, isRecord, problem, type Json, type Schema } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import type { Outbox } from '../outbox.ts'
import { TestDevice } from '../testing/index.ts'
import { TestFeed, writingTo } from './feed.fixture.ts'
import {
  collectionDisk,
  defineCollection,
  openCollections,
  openMemoryCollectionStore,
  optimistic,
  type CollectionDisk,
  type Collections,
} from './index.ts'

type Note = { readonly id: string; readonly text: string }
const readNote = (value: unknown): Note | undefined => {
  if (!isRecord(value)) return undefined
  const { id, text } = value
  return typeof id === 'string' && typeof text === 'string' ? { id, text } : undefined
}
const noteSchema: Schema<Note> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => {
      const note = readNote(value)
      return note === undefined ? { issues: [{ message: 'expected a note' }] } : { value: note }
    },
  },
}
const lane = defineLane('note')
const writeNote = defineOperation({
  type: 'note.write',
  version: 1,
  payload: noteSchema,
  lane: ({ id }) => lane(id),
  entity: ({ id }) => ({ kind: 'note', id }),
})
const removeNote = defineOperation({
  type: 'note.remove',
  version: 1,
  payload: noteSchema,
  lane: ({ id }) => lane(id),
  entity: ({ id }) => ({ kind: 'note', id }),
})
const overlays = [
  optimistic(writeNote, (note: Note, current: Note | undefined): Note | undefined =>
    current === undefined ? note : { ...current, text: `${current.text}+${note.text}` },
  ),
  optimistic(removeNote, (): Note | undefined => undefined),
]
const notes = defineCollection<Note>({ kind: 'note', version: 1, read: readNote, overlays })

interface Stage {
  readonly device: TestDevice
  readonly feed: TestFeed
  readonly disk: CollectionDisk
  readonly open: (
    definition?: typeof notes,
  ) => Promise<{ outbox: Outbox; collections: Collections; texts: () => readonly string[] }>
}

function setStage(): Stage {
  const device = new TestDevice()
  const feed = new TestFeed(device)
  const disk = collectionDisk()
  writingTo(feed, device.server, (payload) => payload)
  return {
    device,
    feed,
    disk,
    open: async (definition = notes) => {
      const outbox = await device.open({ operations: [writeNote, removeNote] })
      const collections = await openCollections({
        name: 'test',
        outbox,
        feed: feed.source(),
        collections: [definition],
        environment: device.environmentOf(outbox),
        store: openMemoryCollectionStore(disk),
        onFault: (error) => {
          throw error
        },
      })
      const collection = collections.collection(definition)
      await collection.loaded
      const texts = () =>
        collection.items().map(({ id, state, isPending }) => `${id} ${state.text}${isPending ? '…' : ''}`)
      return { outbox, collections, texts }
    },
  }
}

const noteOf = (id: string, text = id): Note => ({ id, text })

test('R088 R133 a first load comes by pages, and each change after it by itself', async () => {
  const { device, feed, open } = setStage()
  for (let count = 0; count < 1200; count += 1)
    feed.put('note', `n${String(count).padStart(4, '0')}`, noteOf('x', `${count}`))
  const { collections, texts } = await open()
  await device.settle()
  expect(feed.pages).toBe(3)
  expect(texts()).toHaveLength(1200)
  expect(collections.status()).toMatchObject({ isComplete: true, after: 1200 })
  feed.put('note', 'n0000', noteOf('x', 'changed'))
  feed.remove('note', 'n0001')
  await device.settle()
  expect(texts()[0]).toBe('n0000 changed')
  expect(texts()).toHaveLength(1199)
})

test('R133 what was read is there after a cold start without a network', async () => {
  const { device, feed, open } = setStage()
  feed.put('note', 'a', noteOf('a'))
  await open()
  await device.settle()
  device.killAll()
  device.goOffline()
  const { texts, collections } = await open()
  expect(texts()).toEqual(['a a'])
  expect(collections.status().isComplete).toBe(true)
})

test('a first load that is cut off goes on where it stood', async () => {
  const { device, feed, open } = setStage()
  for (let count = 0; count < 1200; count += 1) feed.put('note', `n${count}`, noteOf('x'))
  feed.pagesLeft = 1
  const { collections, texts } = await open()
  await device.settle()
  expect(texts()).toHaveLength(500)
  expect(collections.status()).toMatchObject({ isComplete: false, after: 500 })
  feed.pagesLeft = Infinity
  await device.advance(60_000)
  expect(texts()).toHaveLength(1200)
  expect(feed.pages).toBe(3)
})

describe('a write shows at once, over what the server has', () => {
  test('made offline, also after a reload, and without a flicker until the feed has it', async () => {
    const { device, feed, open } = setStage()
    feed.put('note', 'a', noteOf('a', 'one'))
    const first = await open()
    await device.settle()
    device.goOffline()
    await first.outbox.enqueue(writeNote, noteOf('a', 'two'))
    await first.outbox.enqueue(writeNote, noteOf('b', 'new'))
    await device.advance(200)
    expect(first.texts()).toEqual(['a one+two…', 'b new…'])
    device.killAll()
    const { texts, collections } = await open()
    await device.advance(200)
    expect(texts()).toEqual(['a one+two…', 'b new…'])
    const seen = new Set<string>()
    collections.collection(notes).subscribe(() => seen.add(JSON.stringify(texts())))
    // What was typed is what the server writes; between its answer and the feed nothing may jump back.
    feed.pagesLeft = 0
    await device.goOnline()
    await device.advance(60_000)
    expect(device.server.effects).toHaveLength(2)
    expect(texts()).toEqual(['a one+two…', 'b new…'])
    feed.pagesLeft = Infinity
    await device.advance(120_000)
    expect(texts()).toEqual(['a two', 'b new'])
    expect([...seen].some((text) => text.includes('"a one"') || !text.includes('b new'))).toBe(false)
  })

  test('is rebased when the server’s state moves under it', async () => {
    const { device, feed, open } = setStage()
    feed.put('note', 'a', noteOf('a', 'one'))
    const { outbox, texts } = await open()
    await device.settle()
    await outbox.pause()
    await outbox.enqueue(writeNote, noteOf('a', 'mine'))
    await device.advance(200)
    feed.put('note', 'a', noteOf('a', 'theirs'))
    await device.settle()
    expect(texts()).toEqual(['a theirs+mine…'])
  })

  test('is rolled back when the operation dies, and when a person takes it back', async () => {
    const { device, feed, open } = setStage()
    feed.put('note', 'a', noteOf('a', 'one'))
    writingTo(feed, device.server, (payload) => payload, refusing('bad'))
    const { outbox, texts } = await open()
    await device.settle()
    await outbox.enqueue(writeNote, noteOf('a', 'bad'))
    await device.advance(10_000)
    expect(texts()).toEqual(['a one'])
    device.goOffline()
    const { id } = await outbox.enqueue(writeNote, noteOf('b', 'new'))
    await device.advance(200)
    expect(texts()).toEqual(['a one', 'b new…'])
    await outbox.discard(id)
    await device.advance(200)
    expect(texts()).toEqual(['a one'])
  })

  test('a removal hides the entity, and brings it back when it is refused', async () => {
    const { device, feed, open } = setStage()
    feed.put('note', 'a', noteOf('a', 'one'))
    device.server.decide = () => ({ outcome: 'rejected', problem: problem('refused', 'No') })
    const { outbox, texts } = await open()
    await device.settle()
    await outbox.pause()
    await outbox.enqueue(removeNote, noteOf('a'))
    await device.advance(200)
    expect(texts()).toEqual([])
    await outbox.resume()
    await device.advance(10_000)
    expect(texts()).toEqual(['a one'])
  })

  test('a thousand operations on one entity fold in their order', async () => {
    const { device, open } = setStage()
    const { outbox, collections } = await open()
    device.goOffline()
    await Promise.all(
      Array.from({ length: 1000 }, (_, count) => outbox.enqueue(writeNote, noteOf('a', `${count % 10}`))),
    )
    await device.advance(1000)
    const text = collections.collection(notes).get('a')?.state.text
    expect(text).toBe(Array.from({ length: 1000 }, (_, count) => `${count % 10}`).join('+'))
  })
})

describe('over tabs', () => {
  test('one reads the feed, all show the same', async () => {
    const { device, feed, open } = setStage()
    const tabs = [await open(), await open(), await open()]
    feed.put('note', 'a', noteOf('a'))
    await device.advance(1000)
    for (const { texts } of tabs) expect(texts()).toEqual(['a a'])
    expect(feed.pages).toBe(2)
    await tabs[1]?.outbox.enqueue(writeNote, noteOf('b'))
    await device.advance(5000)
    for (const { texts } of tabs) expect(texts()).toEqual(['a a', 'b b'])
  })

  test('F010 when the one that reads is killed, another goes on', async () => {
    const { device, feed, open } = setStage()
    const [first, second] = [await open(), await open()]
    await device.settle()
    device.kill(first.outbox)
    feed.put('note', 'a', noteOf('a'))
    await device.advance(120_000)
    expect(second.texts()).toEqual(['a a'])
  })
})

test('a server that was restored has another history: what was kept of the old one goes', async () => {
  const { device, feed, open } = setStage()
  feed.put('note', 'a', noteOf('a'))
  feed.put('note', 'b', noteOf('b'))
  const tabs = [await open(), await open()]
  await device.settle()
  feed.restore('e2')
  feed.put('note', 'a', noteOf('a', 'older'))
  await device.advance(120_000)
  for (const { texts } of tabs) expect(texts()).toEqual(['a older'])
})

describe('a newer release of the app', () => {
  const newer = (migrate?: (fromVersion: number, state: Json) => Json) =>
    defineCollection<Note>({
      kind: 'note',
      version: 2,
      read: (state) => {
        const note = readNote(state)
        return note?.text.startsWith('v2 ') === true ? note : undefined
      },
      ...(migrate !== undefined && { migrate }),
    })

  test('migrates what is kept, without a network', async () => {
    const { device, feed, open } = setStage()
    feed.put('note', 'a', noteOf('a', 'one'))
    await open()
    await device.settle()
    device.killAll()
    device.goOffline()
    const definition = newer((_, state) => ({ id: 'a', text: `v2 ${readNote(state)?.text ?? ''}` }))
    expect((await open(definition)).texts()).toEqual(['a v2 one'])
  })

  test('reads everything anew where it cannot', async () => {
    const { device, feed, open } = setStage()
    feed.put('note', 'a', noteOf('a', 'v2 one'))
    await open()
    await device.settle()
    device.killAll()
    const { texts, collections } = await open(newer())
    expect(collections.status().isComplete).toBe(false)
    await device.settle()
    expect(texts()).toEqual(['a v2 one'])
    expect(collections.status().isComplete).toBe(true)
  })
})

test('I13 snapshots are the same until something changes, and a listener that throws stops nobody', async () => {
  const { device, feed, open } = setStage()
  feed.put('note', 'a', noteOf('a'))
  const { collections } = await open()
  await device.settle()
  const collection = collections.collection(notes)
  const before = collection.items()
  expect(collection.items()).toBe(before)
  let heard = 0
  collection.subscribe(() => {
    heard += 1
  })
  feed.put('other', 'x', null)
  await device.settle()
  expect(collection.items()).toBe(before)
  feed.put('note', 'b', noteOf('b'))
  await device.settle()
  expect([heard, collection.items().length]).toEqual([1, 2])
})

test('definitions that cannot work are refused by name', async () => {
  expect(() => defineCollection({ kind: 'note', version: 0, read: readNote })).toThrow('a whole number from 1')
  expect(() =>
    defineCollection({ kind: 'note', version: 1, read: readNote, overlays: [...overlays, ...overlays] }),
  ).toThrow('one overlay')
  const bare = defineOperation({ type: 'bare', version: 1, payload: noteSchema, lane: () => lane('x') })
  expect(() => optimistic(bare, (note: Note) => note)).toThrow('give its definition an `entity`')
  const { open } = setStage()
  const { collections } = await open()
  expect(() => collections.collection(defineCollection({ kind: 'note', version: 1, read: readNote }))).toThrow(
    'among them',
  )
})

function refusing(text: string) {
  return (payload: Json) =>
    JSON.stringify(payload).includes(text)
      ? ({ outcome: 'rejected', problem: problem('refused', 'No') } as const)
      : undefined
}
