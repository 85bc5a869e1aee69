/** Bare IndexedDB: what the platform itself takes for the same data, with the same durability and nothing around it. */
import type { Note } from './note.ts'
import { noteType } from './note.ts'
import { timed, type Measurement } from './measurement.ts'

/** Operations per record when they are packed, as many as a segment of the log holds. */
const packedMax = 128

const storeName = 'records'

/** The texts that the raw sides store: what Holdfast stores of an operation. */
export function textsOf(notes: readonly Note[]): readonly string[] {
  return notes.map((payload) =>
    JSON.stringify({
      id: crypto.randomUUID(),
      type: noteType,
      version: 1,
      lane: `note:${payload.id}`,
      payload,
      createdAtMs: Date.now(),
    }),
  )
}

/** Opens a new database with one plain store. */
export function openRaw(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(`raw-${crypto.randomUUID()}`, 1)
    request.onupgradeneeded = () => void request.result.createObjectStore(storeName, { autoIncrement: true })
    request.onsuccess = () => {
      resolve(request.result)
    }
    request.onerror = () => {
      reject(request.error ?? new Error('the raw database did not open'))
    }
  })
}

/** Stores records in one strict transaction. */
export function put(database: IDBDatabase, records: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(storeName, 'readwrite', { durability: 'strict' })
    const store = transaction.objectStore(storeName)
    for (const record of records) store.put(record)
    transaction.oncomplete = () => {
      resolve()
    }
    transaction.onabort = () => {
      reject(transaction.error ?? new Error('the raw transaction was aborted'))
    }
  })
}

/** All at once: a strict transaction for each record. */
export function measureEach(notes: readonly Note[]): Promise<Measurement> {
  return measured(notes, (database, texts) => Promise.all(texts.map((text) => put(database, [text]))))
}

/** All at once: one strict transaction with a record for each. */
export function measureTogether(notes: readonly Note[]): Promise<Measurement> {
  return measured(notes, (database, texts) => put(database, texts))
}

/** All at once: one strict transaction with as few records as a log would make. Nothing that stores these bytes does less. */
export function measurePacked(notes: readonly Note[]): Promise<Measurement> {
  return measured(notes, (database, texts) => {
    const packed: string[] = []
    for (let start = 0; start < texts.length; start += packedMax) {
      packed.push(texts.slice(start, start + packedMax).join('\n'))
    }
    return put(database, packed)
  })
}

async function measured(
  notes: readonly Note[],
  work: (database: IDBDatabase, texts: readonly string[]) => Promise<unknown>,
): Promise<Measurement> {
  const database = await openRaw()
  const texts = textsOf(notes)
  const tookMs = await timed(() => work(database, texts))
  const operations = await countOf(database)
  database.close()
  return { tookMs, operations }
}

/** How many operations the database holds, read back. */
function countOf(database: IDBDatabase): Promise<number> {
  return new Promise((resolve, reject) => {
    const request: IDBRequest<unknown[]> = database.transaction(storeName).objectStore(storeName).getAll()
    request.onsuccess = () => {
      resolve(request.result.reduce<number>((sum, record) => sum + String(record).split('\n').length, 0))
    }
    request.onerror = () => {
      reject(request.error ?? new Error('the raw database was not read'))
    }
  })
}
