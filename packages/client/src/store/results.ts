/**
 * Results: what is kept of settled entries, packed by the batch that settled them. A record is looked through from the
 * latest on: whoever asks, asks about what was sent lately.
 */
import type { OperationId } from '@holdfast/core'
import { resultOf } from './indexeddb-request.ts'
import type { SettledEntry } from './store.ts'

/** Entries that were settled together. */
export interface ResultRecord {
  readonly format: 1
  readonly settledAtMs: number
  readonly entries: readonly SettledEntry[]
}

/** A result and where it stands. */
export interface FoundResult {
  readonly key: IDBValidKey
  readonly record: ResultRecord
  readonly entry: SettledEntry
}

/** Finds what is kept of an entry, latest record first. */
export async function findResult(results: IDBObjectStore, id: OperationId): Promise<FoundResult | undefined> {
  let found: FoundResult | undefined
  await eachResult(results, (record, key) => {
    const entry = record.entries.find((candidate) => candidate.id === id)
    if (entry !== undefined) found = { key, record, entry }
    return entry === undefined
  })
  return found
}

/** Reads up to `limit` settled entries, latest first, from behind `before`. */
export async function pageResults(
  results: IDBObjectStore,
  before: SettledEntry | undefined,
  limit: number,
): Promise<readonly SettledEntry[]> {
  const page: SettledEntry[] = []
  let isPast = before === undefined
  await eachResult(results, (record) => {
    for (const entry of record.entries.toReversed()) {
      if (isPast && page.length < limit) page.push(entry)
      isPast ||= entry.id === before?.id
    }
    return page.length < limit
  })
  return page
}

/** Forgets what was settled before an instant. A discard that the server has not answered yet is not settled for good. */
export async function forgetResults(results: IDBObjectStore, beforeMs: number): Promise<number> {
  let forgotten = 0
  await eachResult(results, (record, key) => {
    if (record.settledAtMs >= beforeMs) return true
    const open = record.entries.filter(({ state }) => state.kind === 'discarded' && !state.isCertain)
    forgotten += record.entries.length - open.length
    if (open.length === 0) results.delete(key)
    else if (open.length < record.entries.length) results.put({ ...record, entries: open }, key)
    return true
  })
  return forgotten
}

/** Walks the records, latest first, for as long as `visit` says true. */
async function eachResult(
  results: IDBObjectStore,
  visit: (record: ResultRecord, key: IDBValidKey) => boolean,
): Promise<void> {
  const request: IDBRequest<IDBCursorWithValue | null> = results.openCursor(null, 'prev')
  for (let cursor = await resultOf(request); cursor !== null; cursor = await resultOf(request)) {
    // IndexedDB gives back what this file has put in; its format is its own proof.
    const record: ResultRecord = cursor.value
    if (!visit(record, cursor.primaryKey)) return
    cursor.continue()
  }
}
