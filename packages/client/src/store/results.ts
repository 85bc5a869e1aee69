/**
 * Results: what is kept of settled entries, packed by the update that settled them. Keys rise in commit order, and an
 * index leads by the time of settling, because the device's clock may jump. A result that changes leaves its record and
 * joins a new one.
 */
import {
  isRecord,
  parseOperationId,
  timeOfOperationId,
  type AppliedState,
  type DeliveryState,
  type Discarded,
  type OperationId,
} from '@holdfast/core'
import { recordsOf, resultOf } from './indexeddb-request.ts'
import { resultsByTime } from './migrations.ts'
import { parseBody } from './held-record.ts'
import { isStoredOperation, parseJson } from './segment.ts'
import type { FaultListener } from './store-fault.ts'
import type { KeptBody, SettledEntry } from './store.ts'

/** Entries that were settled together: a line of JSON each. */
export interface ResultRecord {
  readonly settledAtMs: number
  readonly text: string
}

/** A result and the record that it stands in. */
export interface FoundResult {
  readonly key: number
  readonly record: ResultRecord
  readonly entry: SettledEntry
}

/** Records in one read of a search. */
const searchRecordsMax = 32

/** True for a discard that the server has not answered yet: it may still turn out applied. */
export function isOpenDiscard(state: DeliveryState): boolean {
  return state.kind === 'discarded' && !state.isCertain
}

/** Packs entries that were settled together. */
export function packResults(settledAtMs: number, entries: readonly SettledEntry[]): ResultRecord {
  return { settledAtMs, text: entries.map((entry) => JSON.stringify(entry)).join('\n') }
}

/** The record without some of its entries; `undefined` when none is left. */
export function withoutResults(record: ResultRecord, gone: ReadonlySet<OperationId>): ResultRecord | undefined {
  const left = record.text.split('\n').filter((line) => {
    const entry = parseSettled(line)
    return entry === undefined || !gone.has(entry.id)
  })
  return left.length === 0 ? undefined : { settledAtMs: record.settledAtMs, text: left.join('\n') }
}

/**
 * Finds what is kept of some entries. Starts where the earliest of them was made, as far as their ids tell, and goes on
 * with what is older only if some are missing then.
 *
 * @param fromKey where the search starts at the earliest
 */
export async function findResults(
  results: IDBObjectStore,
  ids: ReadonlySet<OperationId>,
  fromKey = 0,
): Promise<{ readonly found: ReadonlyMap<OperationId, FoundResult>; readonly nextKey: number }> {
  const missing = new Set(ids)
  const found = new Map<OperationId, FoundResult>()
  const hint = Math.max(fromKey, await keyOfHint(results, ids))
  const nextKey = await searchRecords(results, hint, Number.POSITIVE_INFINITY, missing, found)
  if (missing.size > 0 && hint > fromKey) await searchRecords(results, fromKey, hint, missing, found)
  return { found, nextKey }
}

/** The first record that was written after the earliest of the ids was made. */
async function keyOfHint(results: IDBObjectStore, ids: ReadonlySet<OperationId>): Promise<number> {
  let earliestMs = Number.POSITIVE_INFINITY
  for (const id of ids) earliestMs = Math.min(earliestMs, timeOfOperationId(id) ?? 0)
  const key = await resultOf(results.index(resultsByTime).getKey(IDBKeyRange.lowerBound(earliestMs)))
  return typeof key === 'number' ? key : 0
}

/** Searches the records from one key to below another; gives the key that follows the last one read. */
async function searchRecords(
  results: IDBObjectStore,
  fromKey: number,
  toKey: number,
  missing: Set<OperationId>,
  found: Map<OperationId, FoundResult>,
): Promise<number> {
  let from = fromKey
  while (missing.size > 0 && from < toKey) {
    const range = IDBKeyRange.bound(from, toKey, false, true)
    const read = await recordsOf(results, range, searchRecordsMax)
    for (const { key, value } of read) {
      if (typeof key === 'number') from = key + 1
      const record = parseRecord(value)
      if (typeof key !== 'number' || record === undefined) continue
      for (const id of missing) {
        // Cheaper than parsing; what only contains the id somewhere else is sorted out below.
        if (!record.text.includes(`"${id}"`)) continue
        const entry = entriesOf(record).find((candidate) => candidate.id === id)
        if (entry === undefined) continue
        found.set(id, { key, record, entry })
        missing.delete(id)
      }
    }
    if (read.length < searchRecordsMax) break
  }
  return from
}

/** Reads up to `limit` settled entries, latest first, from behind `before`. */
export async function pageResults(
  results: IDBObjectStore,
  before: SettledEntry | undefined,
  limit: number,
  onFault: FaultListener,
): Promise<readonly SettledEntry[]> {
  // The index is ordered by time and then by key, which is the order of commits.
  const range = before === undefined ? null : IDBKeyRange.upperBound(before.settledAtMs)
  let page: SettledEntry[] = []
  let isPast = before === undefined
  await eachRecord(results, range, 'prev', onFault, (record) => {
    for (const entry of entriesOf(record).toReversed()) {
      page.push(entry)
      if (isPast || before === undefined || entry.id !== before.id) continue
      // Everything up to here stood on an earlier page. (When `before` has changed since, nothing is left out.)
      isPast = true
      page = []
    }
    return page.length < limit || (!isPast && record.settledAtMs === before?.settledAtMs)
  })
  return page.slice(0, limit)
}

/** Forgets what was settled before an instant; spares a discard that the server has not answered yet. Returns how many. */
export async function forgetResults(
  results: IDBObjectStore,
  beforeMs: number,
  onFault: FaultListener,
): Promise<number> {
  let forgotten = 0
  const range = IDBKeyRange.upperBound(beforeMs, true)
  await eachRecord(results, range, 'next', onFault, (record, key) => {
    const entries = entriesOf(record)
    const open = entries.filter(({ state }) => isOpenDiscard(state))
    forgotten += entries.length - open.length
    if (open.length === 0) results.delete(key)
    else if (open.length < entries.length) results.put(packResults(record.settledAtMs, open), key)
    return true
  })
  return forgotten
}

/** Walks the records of a range of time for as long as `visit` says true. */
async function eachRecord(
  results: IDBObjectStore,
  range: IDBKeyRange | null,
  direction: 'next' | 'prev',
  onFault: FaultListener,
  visit: (record: ResultRecord, key: number) => boolean,
): Promise<void> {
  const request = results.index(resultsByTime).openCursor(range, direction)
  for (let cursor = await resultOf(request); cursor !== null; cursor = await resultOf(request)) {
    const record = parseRecord(cursor.value)
    const key = cursor.primaryKey
    if (typeof key !== 'number') return
    if (record === undefined || !isWhole(record)) {
      onFault({ kind: 'damaged', store: results.name, key })
    } else if (!visit(record, key)) return
    cursor.continue()
  }
}

/** True for a stored record of results that can be read to the last entry. */
export function isResultRecord(value: unknown): boolean {
  const record = parseRecord(value)
  return record !== undefined && isWhole(record)
}

function isWhole(record: ResultRecord): boolean {
  return entriesOf(record).length === record.text.split('\n').length
}

function entriesOf(record: ResultRecord): readonly SettledEntry[] {
  return record.text
    .split('\n')
    .map(parseSettled)
    .filter((entry) => entry !== undefined)
}

function parseRecord(value: unknown): ResultRecord | undefined {
  if (!isRecord(value)) return undefined
  const { settledAtMs, text } = value
  return typeof settledAtMs === 'number' && typeof text === 'string' ? { settledAtMs, text } : undefined
}

/** Reads a settled entry; `undefined` when the line is damaged. */
function parseSettled(line: string): SettledEntry | undefined {
  const value = parseJson(line)
  if (!isRecord(value)) return undefined
  const { type, lane, createdAtMs, settledAtMs, state } = value
  const id = parseOperationId(value['id'])
  if (id === undefined || typeof type !== 'string' || typeof lane !== 'string') return undefined
  if (typeof createdAtMs !== 'number' || typeof settledAtMs !== 'number' || !isSettledState(state)) return undefined
  const kept = parseKept(value['kept'])
  return {
    id,
    type,
    lane,
    createdAtMs,
    settledAtMs,
    state,
    ...(value['isCancel'] === true && { isCancel: true }),
    ...(kept !== undefined && { kept }),
  }
}

function parseKept(value: unknown): KeptBody | undefined {
  if (!isRecord(value)) return undefined
  const { operation } = value
  return isStoredOperation(operation) ? parseBody(value, operation) : undefined
}

/** What was stored by this code is a settled state if its skeleton is. */
function isSettledState(value: unknown): value is AppliedState | Discarded {
  if (!isRecord(value)) return false
  if (value['kind'] === 'applied') return isRecord(value['applied'])
  return value['kind'] === 'discarded' && typeof value['isCertain'] === 'boolean' && typeof value['by'] === 'string'
}
