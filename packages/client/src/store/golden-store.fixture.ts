/**
 * Golden stores: whole databases as text, one for each version that was ever released. Their content is the same in
 * every version; how it is written is what each version made of it. They stay in the repository for as long as a device
 * may still have such a database.
 */
import type { LiveEntry, Store, StoredEntry } from './store.ts'
import {
  appliedChange,
  change,
  conflictedState,
  deadState,
  discardedChange,
  queuedOperation,
  timedId,
  waitingUntil,
} from './store.fixture.ts'
import { idOf } from './store.ts'

/** A database as JSON. */
export interface GoldenStore {
  readonly version: number
  readonly stores: readonly GoldenObjectStore[]
}

interface GoldenObjectStore {
  readonly name: string
  readonly keyPath: string | null
  readonly autoIncrement: boolean
  readonly indexes: readonly { readonly name: string; readonly keyPath: string | readonly string[] }[]
  readonly records: readonly { readonly key: IDBValidKey; readonly value: unknown }[]
}

const madeAtMs = Date.UTC(2026, 10, 21)
const id = (nth: number): string => timedId(madeAtMs, nth)

/** What stands in every golden store, in words of this release. */
export const goldenContent = {
  /** In the order of the logs: high, medium, low. */
  queued: [id(1), id(3), id(4), id(20)],
  waiting: [id(5)],
  conflicted: [id(6)],
  dead: [id(7)],
  /** Latest first. */
  settled: [id(9), id(8), id(2)],
} as const

/** Fills an empty store with the content of the golden stores. */
export async function fillGolden(store: Store): Promise<void> {
  await store.changePause(() => ({ isAll: false, types: ['other.write'] }))
  await store.claim('a tab', madeAtMs)
  const stored: LiveEntry[] = []
  const wishes = { createdAtMs: madeAtMs }
  stored.push(...(await store.append([queuedOperation(id(1), { ...wishes, priority: 'high', lane: 'high:ä 💶' })])))
  const group = [2, 3, 4, 5, 6, 7, 8, 9].map((nth) => queuedOperation(id(nth), { ...wishes, lane: `test:${nth}` }))
  stored.push(...(await store.append(group)))
  stored.push(...(await store.append([queuedOperation(id(20), { ...wishes, priority: 'low', onDead: 'skip' })])))
  // A log that was drained before: what is left of it is a placeholder.
  const drained = await store.append([queuedOperation(id(30), { ...wishes, priority: 'low' })])
  const entry = (nth: number): StoredEntry => {
    const found = stored.find((candidate) => idOf(candidate) === id(nth))
    if (found === undefined) throw new RangeError(`no entry ${nth}`)
    return found
  }
  await change(store, [{ entry: entry(2), change: () => appliedChange(7) }], madeAtMs + 1000)
  await change(
    store,
    [
      { entry: entry(5), change: () => ({ state: waitingUntil(madeAtMs + 5000), attempt: { atMs: madeAtMs } }) },
      { entry: entry(6), change: () => ({ state: conflictedState, attempt: { atMs: madeAtMs } }) },
      { entry: entry(7), change: () => ({ state: deadState }) },
      { entry: entry(8), change: () => discardedChange('a-cancel', true) },
    ],
    madeAtMs + 2000,
  )
  await change(store, [{ entry: entry(9), change: () => discardedChange('b-cancel') }], madeAtMs + 3000)
  await change(
    store,
    drained.map((last) => ({ entry: last, change: () => appliedChange() })),
    madeAtMs,
  )
  await store.cleanup(madeAtMs + 1)
}

/** Reads a whole database. */
export async function dumpDatabase(database: IDBDatabase): Promise<GoldenStore> {
  const stores: GoldenObjectStore[] = []
  for (const name of database.objectStoreNames) {
    const store = database.transaction(name).objectStore(name)
    const [keys, values] = await Promise.all([resultOf(store.getAllKeys()), resultOf<unknown[]>(store.getAll())])
    stores.push({
      name,
      keyPath: typeof store.keyPath === 'string' ? store.keyPath : null,
      autoIncrement: store.autoIncrement,
      indexes: [...store.indexNames].map((index) => ({ name: index, keyPath: store.index(index).keyPath })),
      records: keys.map((key, nth) => ({ key, value: encode(values[nth]) })),
    })
  }
  return { version: database.version, stores }
}

/** Reads a dump. */
export function parseGolden(text: string): GoldenStore {
  const value: unknown = JSON.parse(text)
  if (!isGolden(value)) throw new TypeError('not a golden store')
  return value
}

function isGolden(value: unknown): value is GoldenStore {
  return isObject(value) && typeof value['version'] === 'number' && Array.isArray(value['stores'])
}

/** Makes the database anew, as a device has it that never ran a later release. */
export async function loadDatabase(name: string, { version, stores }: GoldenStore): Promise<void> {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(name, version)
    request.onupgradeneeded = () => {
      for (const { name: storeName, keyPath, autoIncrement, indexes, records } of stores) {
        const store = request.result.createObjectStore(storeName, { keyPath, autoIncrement })
        for (const index of indexes) {
          store.createIndex(index.name, typeof index.keyPath === 'string' ? index.keyPath : [...index.keyPath])
        }
        for (const { key, value } of records) {
          if (keyPath === null) store.put(decode(value), key)
          else store.put(decode(value))
        }
      }
    }
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('not opened'))
  })
  database.close()
}

function resultOf<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('not read'))
  })
}

/** JSON has no bytes. */
function encode(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: [...value] }
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, encode(member)]))
}

function decode(value: unknown): unknown {
  if (!isObject(value)) return value
  const { bytes } = value
  if (Array.isArray(bytes)) return Uint8Array.from(bytes)
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, decode(member)]))
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
