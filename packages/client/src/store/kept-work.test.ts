import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import { openIndexedDbStore } from './indexeddb-store.ts'
import { countWork, eraseWork } from './kept-work.ts'
import { codeOf, openRaw } from './raw-database.fixture.ts'
import { always, appliedChange, queuedOperation } from './store.fixture.ts'
import type { Store } from './store.ts'

const options = { durability: 'strict', nowMs: 1 } as const

async function storeWith(count: number): Promise<{ name: string; store: Store }> {
  const name = crypto.randomUUID()
  const store = await openIndexedDbStore(name)
  await store.append(Array.from({ length: count }, (_, nth) => queuedOperation(`old-${nth}`)))
  return { name, store }
}

test('counts what is not settled, without the store being opened', async () => {
  const { name, store } = await storeWith(3)
  const page = await store.readLog('medium', undefined, { entriesMax: 1, bytesMax: 1000 })
  await store.update(
    page.entries.map((entry) => always(entry, appliedChange())),
    options,
  )
  expect(await countWork(name)).toBe(2)
  expect(await countWork(crypto.randomUUID())).toBeUndefined()
})

test('I1 a position is not used again after everything was erased: who knew an entry there cannot settle a new one', async () => {
  const { name, store } = await storeWith(2)
  const { entries } = await store.readLog('medium', undefined, { entriesMax: 9, bytesMax: 1000 })
  expect(await eraseWork(name, 2)).toBe(2)
  const later = await openIndexedDbStore(name)
  await later.append([queuedOperation('new-1'), queuedOperation('new-2')])
  const reports = await store.update(
    entries.map((entry) => always(entry, appliedChange())),
    options,
  )
  expect(reports.map(({ isChanged }) => isChanged)).toEqual([false, false])
  expect((await store.counts()).queued).toBe(2)
})

test('whoever led is fenced off', async () => {
  const { name, store } = await storeWith(1)
  const epoch = await store.claim('leader', 1)
  await eraseWork(name, 1)
  await expect(store.update([], { ...options, epoch })).rejects.toMatchObject({ code: 'fenced' })
})

test('I8 with another number nothing is erased', async () => {
  const { name, store } = await storeWith(2)
  expect(await eraseWork(name, 1)).toBe(2)
  expect((await store.counts()).queued).toBe(2)
})

test('F039 a database that does not open is not waited for for ever', async () => {
  const name = crypto.randomUUID()
  const old = await openRaw(name, 1)
  // An upgrade that another tab does not make way for keeps everybody else waiting.
  const upgrade = indexedDB.open(name, 2)
  let ring = (): void => {}
  const clock = {
    timer: (_: number, callback: () => void) => {
      ring = callback
      return () => {}
    },
  }
  const counting = codeOf(countWork(name, clock))
  ring()
  expect(await counting).toBe('storage')
  const upgraded = new Promise((resolve) => (upgrade.onsuccess = resolve))
  old.close()
  await upgraded
  upgrade.result.close()
  // What opened late was closed at once: it keeps nobody waiting.
  const newest = await openRaw(name, 3)
  expect(newest.version).toBe(3)
  newest.close()
})
