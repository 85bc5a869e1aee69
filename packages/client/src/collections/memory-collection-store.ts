/** Collections in memory: for tests, and for browsers that have no database. */
import { goesOn, type CollectionStore, type FeedMark, type KeptRow } from './collection-store.ts'

/** What is kept; shared by all tabs of a test. */
export interface CollectionDisk {
  mark: FeedMark | undefined
  readonly rows: Map<string, KeptRow>
}

/** A new, empty one. */
export function collectionDisk(): CollectionDisk {
  return { mark: undefined, rows: new Map() }
}

/** Opens a store on it. */
export function openMemoryCollectionStore(disk: CollectionDisk = collectionDisk()): CollectionStore {
  return {
    readMark: () => Promise.resolve(disk.mark),
    readKind: (kind) => Promise.resolve([...disk.rows.values()].filter((row) => row.kind === kind)),
    readRows: (keys) => Promise.resolve(keys.map((key) => disk.rows.get(keyOf(key)))),
    write: (page) => {
      if (!goesOn(disk.mark, page)) return Promise.resolve(false)
      if (page.isAnew) disk.rows.clear()
      for (const key of page.removes) disk.rows.delete(keyOf(key))
      for (const row of page.puts) disk.rows.set(keyOf(row), row)
      disk.mark = page.mark
      return Promise.resolve(true)
    },
    close: () => Promise.resolve(),
  }
}

function keyOf({ kind, id }: Pick<KeptRow, 'kind' | 'id'>): string {
  return JSON.stringify([kind, id])
}
