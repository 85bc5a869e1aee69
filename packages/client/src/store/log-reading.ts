/** Reading the log on IndexedDB: pages and single entries, a bounded part of it in memory at a time. */
import { priorities, timeOfOperationId, type OperationId, type Priority } from '@holdfast/core'
import { recordsOf, resultOf } from './indexeddb-request.ts'
import { LogPageBuilder, type PageLimits } from './log-page.ts'
import { isMarked, parseMarks, type Marks } from './marks.ts'
import { storeNames } from './migrations.ts'
import {
  countOf,
  entryAt,
  isLastOfSegment,
  openSegment,
  parseStoredOperation,
  segmentEntriesMax,
  type Segment,
} from './segment.ts'
import type { FaultListener } from './store-fault.ts'
import type { LiveEntry, LogPage, Position } from './store.ts'

/** Most segments in the first read of a page, before it is known how large they are: enough for a thousand entries. */
const firstReadMax = 10
/** Most segments in one read. */
const readSegmentsMax = 256
/** Segments in one read of a search through everything. */
const searchSegments = 16

/** Runs work in a read-only transaction. */
export type ReadTransaction = <Result>(
  stores: readonly string[],
  work: (transaction: IDBTransaction) => Promise<Result>,
) => Promise<Result>

interface Segments {
  /** All keys that were read, placeholders and damaged segments too. */
  readonly keys: readonly number[]
  /** By key; a damaged one is missing. */
  readonly segments: ReadonlyMap<number, Segment>
  readonly marks: ReadonlyMap<number, Marks>
  readonly bytes: number
}

/** Reads a page of one priority's log. */
export async function readLogPage(
  transaction: IDBTransaction,
  priority: Priority,
  after: Position | undefined,
  limits: PageLimits,
  onFault: FaultListener,
): Promise<LogPage> {
  const builder = new LogPageBuilder(after, limits)
  let bytesRead = 0
  let segmentsRead = 0
  // As many full ones as the entries need, two more because the first may be half read, and one a placeholder.
  let count = Math.min(Math.ceil(limits.entriesMax / segmentEntriesMax) + 2, firstReadMax)
  for (let range = rangeAfter(after); ;) {
    const read = await readSegments(transaction, priority, range, count, onFault)
    for (const key of read.keys) {
      const segment = read.segments.get(key)
      if (countOf(key) === 0) continue
      if (segment === undefined) {
        builder.skip({ priority, key })
        continue
      }
      const entry = (index: number): LiveEntry | undefined => liveEntryAt(segment, index, onFault)
      const size = (index: number): number => segment.texts[index]?.length ?? 0
      if (!builder.take(segment, read.marks.get(key), size, entry)) return builder.page(false)
    }
    const lastKey = read.keys.at(-1)
    if (lastKey === undefined || read.keys.length < count) return builder.page(true)
    bytesRead += read.bytes
    segmentsRead += read.keys.length
    range = IDBKeyRange.lowerBound(lastKey, true)
    const isFull = builder.count >= limits.entriesMax || builder.bytes >= limits.bytesMax
    // Where most of the log is settled, a page would else read all of it.
    if (isFull || (builder.count > 0 && bytesRead > 4 * limits.bytesMax)) {
      return builder.page(await isEmptyFrom(transaction, priority, range))
    }
    // As many more as the ones so far suggest.
    const bytesEach = Math.max(bytesRead / segmentsRead, 1)
    const missing = Math.min((limits.bytesMax - builder.bytes) / bytesEach, limits.entriesMax - builder.count)
    count = Math.max(1, Math.min(Math.ceil(missing), readSegmentsMax))
  }
}

/**
 * Finds a queued entry near where its id says that it was made.
 *
 * @returns `undefined` when it is not there; it may be elsewhere
 */
export async function findNear(
  transaction: IDBTransaction,
  priority: Priority,
  id: OperationId,
  onFault: FaultListener,
): Promise<LiveEntry | undefined> {
  const wantedMs = timeOfOperationId(id)
  if (wantedMs === undefined) return undefined
  const log = transaction.objectStore(storeNames.log[priority])
  const keys = segmentKeysOf(await resultOf(log.getAllKeys()))
  // The last segment whose first operation was made no later, as far as ids tell. Clocks jump: a hint, no more.
  let [low, high] = [0, keys.length - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    const key = keys[middle] ?? 0
    const record: unknown = await resultOf(log.get(key))
    const first = openSegment(priority, key, record)?.texts[0]
    const firstMs = first === undefined ? undefined : timeOfOperationId(parseStoredOperation(first)?.id ?? '')
    if (firstMs !== undefined && firstMs > wantedMs) high = middle - 1
    else low = middle
  }
  const from = keys[Math.max(0, low - 1)]
  if (from === undefined) return undefined
  const near = await readSegments(transaction, priority, IDBKeyRange.lowerBound(from), 3, onFault)
  return findIn(near, id, onFault)
}

/**
 * Finds queued entries by reading everything, in several transactions so that writers get in between. Segments stand in
 * the order of their keys and never come back, so an entry that is queued from start to end is found.
 */
export async function findAnywhere(
  read: ReadTransaction,
  ids: ReadonlySet<OperationId>,
  onFault: FaultListener,
): Promise<ReadonlyMap<OperationId, LiveEntry>> {
  const missing = new Set(ids)
  const found = new Map<OperationId, LiveEntry>()
  for (const priority of priorities) {
    let range: IDBKeyRange | null = null
    for (;;) {
      const from: IDBKeyRange | null = range
      const segments: Segments = await read([storeNames.log[priority], storeNames.marks[priority]], (transaction) =>
        readSegments(transaction, priority, from, searchSegments, onFault),
      )
      for (const id of missing) {
        const entry = findIn(segments, id, onFault)
        if (entry !== undefined) found.set(id, entry)
      }
      for (const id of found.keys()) missing.delete(id)
      if (missing.size === 0) return found
      const lastKey = segments.keys.at(-1)
      if (lastKey === undefined || segments.keys.length < searchSegments) break
      range = IDBKeyRange.lowerBound(lastKey, true)
    }
  }
  return found
}

/** The keys of segments among keys of the log: numbers, all of our own making; without placeholders. */
export function segmentKeysOf(keys: readonly IDBValidKey[]): readonly number[] {
  return numbersOf(keys).filter((key) => countOf(key) > 0)
}

/** The keys of the log are numbers: this code has made all of them. */
export function numbersOf(keys: readonly IDBValidKey[]): readonly number[] {
  return keys.filter((key) => typeof key === 'number')
}

/** Reads stored marks, by segment. Where they are damaged the entries count as queued: sending again does no harm. */
export function marksOf(
  records: readonly unknown[],
  store: string,
  onFault: FaultListener,
): ReadonlyMap<number, Marks> {
  const marks = new Map<number, Marks>()
  for (const value of records) {
    const record = parseMarks(value)
    if (record === undefined) onFault({ kind: 'damaged', store, key: 'unknown' })
    else marks.set(record.segment, record.bits)
  }
  return marks
}

function rangeAfter(after: Position | undefined): IDBKeyRange | null {
  return after === undefined ? null : IDBKeyRange.lowerBound(after.segment, isLastOfSegment(after))
}

async function isEmptyFrom(transaction: IDBTransaction, priority: Priority, range: IDBKeyRange): Promise<boolean> {
  // Two, because one placeholder may stand before a segment.
  const keys = await resultOf(transaction.objectStore(storeNames.log[priority]).getAllKeys(range, 2))
  return segmentKeysOf(keys).length === 0
}

function findIn({ segments, marks }: Segments, id: OperationId, onFault: FaultListener): LiveEntry | undefined {
  for (const [key, segment] of segments) {
    for (const [index, text] of segment.texts.entries()) {
      // Cheaper than parsing; what only contains the id somewhere else is sorted out below.
      if (!text.includes(`"${id}"`) || isMarked(marks.get(key), index)) continue
      const entry = liveEntryAt(segment, index, onFault)
      if (entry?.operation.id === id) return entry
    }
  }
  return undefined
}

function liveEntryAt(segment: Segment, index: number, onFault: FaultListener): LiveEntry | undefined {
  const entry = entryAt(segment, index)
  if (entry === undefined) {
    onFault({ kind: 'damaged', store: storeNames.log[segment.priority], key: segment.key, index })
  }
  return entry
}

async function readSegments(
  transaction: IDBTransaction,
  priority: Priority,
  range: IDBKeyRange | null,
  count: number,
  onFault: FaultListener,
): Promise<Segments> {
  const log = transaction.objectStore(storeNames.log[priority])
  const marksStore = transaction.objectStore(storeNames.marks[priority])
  // Every mark belongs to a segment, so the first `count` marks cover the first `count` segments.
  const [records, marks] = await Promise.all([
    recordsOf(log, range, count),
    resultOf<unknown[]>(marksStore.getAll(range, count)),
  ])
  const keys: number[] = []
  const segments = new Map<number, Segment>()
  let bytes = 0
  for (const { key, value } of records) {
    if (typeof key !== 'number') continue
    keys.push(key)
    if (countOf(key) === 0) continue
    const segment = openSegment(priority, key, value)
    if (typeof value === 'string') bytes += value.length
    if (segment !== undefined) segments.set(key, segment)
    else onFault({ kind: 'damaged', store: log.name, key })
  }
  return { keys, segments, marks: marksOf(marks, marksStore.name, onFault), bytes }
}
