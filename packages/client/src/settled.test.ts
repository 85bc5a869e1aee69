import { SyncError } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { viewOf, type Entry } from './entry.ts'
import { SettledPromises } from './settled.ts'
import { memoryDisk, openMemoryStore } from './store/memory-store.ts'
import { codeOf } from './store/raw-database.fixture.ts'
import { always, appliedChange, change, queuedOperation } from './store/store.fixture.ts'
import type { LiveEntry, Store, StoredEntry } from './store/store.ts'
import { World } from './world.fixture.ts'

/** One context that keeps promises over a store which others write to; counts how often it asks the store. */
async function watcher(): Promise<{
  readonly world: World
  readonly store: Store
  readonly promises: SettledPromises
  readonly one: LiveEntry
  readonly entryOf: (stored: StoredEntry) => Entry
  readonly searches: () => number
  readonly close: () => void
}> {
  const world = new World()
  const store = openMemoryStore(memoryDisk())
  const closing = new AbortController()
  const close = (): void => {
    closing.abort(new SyncError('closed', 'Closed.'))
  }
  let searches = 0
  const counted: Store = {
    ...store,
    findMany: (ids) => {
      searches += 1
      return store.findMany(ids)
    },
  }
  const promises = new SettledPromises(counted, world.environment(), closing.signal)
  const [one] = await store.append([queuedOperation('one')])
  if (one === undefined) throw new RangeError('an entry was appended')
  const entryOf = (stored: StoredEntry): Entry => promises.entryOf(stored, viewOf(stored, new Map()))
  return { world, store, promises, one, entryOf, searches: () => searches, close }
}

describe('the promise of an entry', () => {
  test('is kept when it is asked for after the entry was settled, without a look at the store', async () => {
    const { store, promises, one, entryOf, searches } = await watcher()
    const entry = entryOf(one)
    for (const report of await change(store, [always(one, appliedChange(7))])) promises.announce(report.entry)
    expect(await entry.settled).toMatchObject({ kind: 'applied', applied: { version: 7 } })
    expect(searches()).toBe(0)
  })

  test('is kept when another context has settled the entry and told so before it was asked for', async () => {
    const { store, promises, one, entryOf } = await watcher()
    const entry = entryOf(one)
    await change(store, [always(one, appliedChange())])
    await promises.lookUp([one.operation.id])
    expect(await entry.settled).toMatchObject({ kind: 'applied' })
  })

  test('is kept when so much was settled meanwhile that the entry is not remembered any more', async () => {
    const { store, promises, one, entryOf } = await watcher()
    const entry = entryOf(one)
    const others = await store.append(Array.from({ length: 600 }, (_, nth) => queuedOperation(`other-${nth}`)))
    const reports = await change(
      store,
      [one, ...others].map((each) => always(each, appliedChange())),
    )
    for (const report of reports) promises.announce(report.entry)
    expect(await entry.settled).toMatchObject({ kind: 'applied' })
  })

  test('F009 is kept within a minute when nobody tells that the entry was settled', async () => {
    const { world, store, one, entryOf } = await watcher()
    const { settled } = entryOf(one)
    await change(store, [always(one, appliedChange())])
    await world.advance(61_000)
    expect(await Promise.race([settled, Promise.resolve('pending')])).toMatchObject({ kind: 'applied' })
  })

  test('F009 is kept within a minute however many are waited for', async () => {
    const { world, store, entryOf } = await watcher()
    const entries = await store.append(Array.from({ length: 600 }, (_, nth) => queuedOperation(`many-${nth}`)))
    const last = entries.map((entry) => entryOf(entry).settled).at(-1)
    await change(
      store,
      entries.slice(-1).map((entry) => always(entry, appliedChange())),
    )
    await world.advance(61_000)
    expect(await Promise.race([last, Promise.resolve('pending')])).toMatchObject({ kind: 'applied' })
  })

  test('ends with the outbox: whoever waits then, or asks later, is told that it was closed', async () => {
    const { one, entryOf, close } = await watcher()
    const entry = entryOf(one)
    const waiting = codeOf(entry.settled)
    close()
    expect([await waiting, await codeOf(entry.settled)]).toEqual(['closed', 'closed'])
  })

  test('says so when nothing is kept of the entry any more', async () => {
    const { world, store, one, entryOf } = await watcher()
    const outcome = entryOf(one).settled.catch((error: unknown) => error)
    await change(store, [always(one, appliedChange())], 5000)
    await store.cleanup(6000)
    await world.advance(61_000)
    const error = await outcome
    expect(error).toBeInstanceOf(SyncError)
    expect(error).toMatchObject({ code: 'unknown-entry' })
  })

  test('is looked up in one search with all others, and costs nothing when nobody asks for it', async () => {
    const { world, store, promises, entryOf, searches } = await watcher()
    const stored = await store.append(Array.from({ length: 100 }, (_, nth) => queuedOperation(`more-${nth}`)))
    const entries = stored.map(entryOf)
    const awaited = entries.slice(0, 50).map(({ settled }) => settled)
    await change(
      store,
      stored.map((each) => always(each, appliedChange())),
    )
    await promises.lookUp(stored.map(({ operation }) => operation.id))
    expect(await Promise.all(awaited)).toHaveLength(50)
    expect(searches()).toBe(1)
    await world.advance(200_000)
    expect(searches()).toBe(1)
  })
})
