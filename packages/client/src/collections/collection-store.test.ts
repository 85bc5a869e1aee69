import 'fake-indexeddb/auto'
import { afterEach, describe, expect, test } from 'vitest'
import type { CollectionStore, PageWrite } from './collection-store.ts'
import { openIndexedDbCollectionStore } from './indexeddb-collection-store.ts'
import { collectionDisk, openMemoryCollectionStore, type CollectionDisk } from './memory-collection-store.ts'

const closing: CollectionStore[] = []
afterEach(async () => {
  for (const store of closing.splice(0)) await store.close()
})

let count = 0
const kinds = [
  {
    name: 'memory',
    device: () => {
      const disk: CollectionDisk = collectionDisk()
      return () => openMemoryCollectionStore(disk)
    },
  },
  {
    name: 'IndexedDB',
    device: () => {
      count += 1
      const name = `collections ${count}`
      return () => openIndexedDbCollectionStore(name)
    },
  },
]

const page = (from: number, after: number, more: Partial<PageWrite> = {}): PageWrite => ({
  from: { epoch: from === 0 ? '' : 'e', after: from },
  mark: { epoch: 'e', after, isComplete: true, versions: { note: 1 } },
  isAnew: false,
  puts: [],
  removes: [],
  ...more,
})
const row = (kind: string, id: string, version = 1) => ({ kind, id, version, state: { at: version } })

describe.each(kinds)('a store of collections in $name', ({ device }) => {
  const onDevice = () => {
    const open = device()
    return () => {
      const store = open()
      closing.push(store)
      return store
    }
  }

  test('has nothing at first, and then what was written, kind by kind, also for another tab', async () => {
    const open = onDevice()
    const store = open()
    expect(await store.readMark()).toBeUndefined()
    expect(await store.readKind('note')).toEqual([])
    const puts = [row('note', 'b'), row('note', 'a'), row('notes', 'a'), row('not', 'z')]
    expect(await store.write(page(0, 4, { puts }))).toBe(true)
    const other = open()
    expect((await other.readKind('note')).toSorted((left, right) => (left.id < right.id ? -1 : 1))).toEqual([
      row('note', 'a'),
      row('note', 'b'),
    ])
    expect(await other.readMark()).toEqual({ epoch: 'e', after: 4, isComplete: true, versions: { note: 1 } })
    expect(await other.readRows([row('note', 'none'), row('notes', 'a')])).toEqual([undefined, row('notes', 'a')])
  })

  test('a page that does not go on from where it stands changes nothing', async () => {
    const store = onDevice()()
    await store.write(page(0, 2, { puts: [row('note', 'a')] }))
    expect(await store.write(page(1, 3, { removes: [row('note', 'a')] }))).toBe(false)
    expect(await store.readKind('note')).toHaveLength(1)
    expect((await store.readMark())?.after).toBe(2)
    expect(await store.write(page(2, 3, { puts: [row('note', 'a', 2)], removes: [row('note', 'b')] }))).toBe(true)
    expect(await store.readKind('note')).toEqual([row('note', 'a', 2)])
  })

  test('a page that starts anew drops what was there, wherever it stood', async () => {
    const store = onDevice()()
    await store.write(page(0, 2, { puts: [row('note', 'a'), row('other', 'x')] }))
    expect(await store.write(page(7, 1, { isAnew: true, puts: [row('note', 'c')] }))).toBe(true)
    expect(await store.readKind('note')).toEqual([row('note', 'c')])
    expect(await store.readKind('other')).toEqual([])
  })
})
