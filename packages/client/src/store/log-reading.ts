/** Reading the log: pages of queued entries, bounded by count and bytes, with the marks taken into account. */
import { priorities, timeOfOperationId, type OperationId, type Priority } from '@holdfast/core'
import { resultOf } from './indexeddb-request.ts'
import { isMarked, type Marks } from './marks.ts'
import { storeNames } from './migrations.ts'
import { countOf, entryAt, type SegmentRecord } from './segment.ts'
import type { LiveEntry, LogPage, Position } from './store.ts'

/** Segments in the first read of a page; doubled while they turn out small. */
const firstReadSegments = 8
/** Most segments in one read. */
const readSegmentsMax = 256

interface Segments {
  readonly keys: readonly number[]
  readonly records: readonly SegmentRecord[]
  readonly marks: ReadonlyMap<number, Marks>
}

/** Reads a page of one priority's log. */
export async function readLogPage(
  transaction: IDBTransaction,
  priority: Priority,
  after: Position | undefined,
  limits: { readonly entriesMax: number; readonly bytesMax: number },
): Promise<LogPage> {
  const entries: LiveEntry[] = []
  let last = after
  let size = 0
  let from = after === undefined ? 0 : after.segment
  for (let count = firstReadSegments; ; count = Math.min(count * 2, readSegmentsMax)) {
    const { keys, records, marks } = await readSegments(transaction, priority, from, count)
    for (const [nth, key] of keys.entries()) {
      const record = records[nth]
      if (record === undefined) continue
      for (let index = key === after?.segment ? after.index + 1 : 0; index < countOf(key); index += 1) {
        const length = record.texts[index]?.length ?? 0
        const isLive = !isMarked(marks.get(key), index)
        const isFull = entries.length >= limits.entriesMax || size + length > limits.bytesMax
        if (isLive && entries.length > 0 && isFull) return { entries, last, isEnd: false }
        last = { priority, segment: key, index }
        const entry = isLive ? entryAt(record, priority, key, index) : undefined
        if (entry === undefined) continue
        entries.push(entry)
        size += length
      }
      from = key + 1
    }
    if (keys.length < count) return { entries, last, isEnd: true }
    if (entries.length >= limits.entriesMax || size >= limits.bytesMax) return { entries, last, isEnd: false }
  }
}

/** Finds a queued entry: by the time in its id first, then by reading everything. */
export async function findQueued(transaction: IDBTransaction, id: OperationId): Promise<LiveEntry | undefined> {
  for (const priority of priorities) {
    const near = await segmentsNear(transaction, priority, id)
    const found = near === undefined ? undefined : findIn(near, priority, id)
    if (found !== undefined) return found
  }
  for (const priority of priorities) {
    for (let from = 0; ;) {
      const segments = await readSegments(transaction, priority, from, readSegmentsMax)
      const found = findIn(segments, priority, id)
      if (found !== undefined) return found
      const lastKey = segments.keys.at(-1)
      if (lastKey === undefined || segments.keys.length < readSegmentsMax) break
      from = lastKey + 1
    }
  }
  return undefined
}

function findIn({ keys, records, marks }: Segments, priority: Priority, id: OperationId): LiveEntry | undefined {
  for (const [nth, key] of keys.entries()) {
    const record = records[nth]
    for (const [index, text] of record?.texts.entries() ?? []) {
      // Cheaper than parsing; what only contains the id somewhere else is sorted out below.
      if (record === undefined || !text.includes(id) || isMarked(marks.get(key), index)) continue
      const entry = entryAt(record, priority, key, index)
      if (entry?.operation.id === id) return entry
    }
  }
  return undefined
}

/** The segments around the time in an id: a binary search over the keys, reading one segment a step. */
async function segmentsNear(
  transaction: IDBTransaction,
  priority: Priority,
  id: OperationId,
): Promise<Segments | undefined> {
  const wantedMs = timeOfOperationId(id)
  if (wantedMs === undefined) return undefined
  const log = transaction.objectStore(storeNames.log[priority])
  const keys = numbers(await resultOf(log.getAllKeys()))
  let low = 0
  let high = keys.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    const record: SegmentRecord | undefined = await resultOf(log.get(keys[middle] ?? 0))
    const firstMs = timeOfOperationId(/"id":"([^"]+)"/.exec(record?.texts[0] ?? '')?.[1] ?? '')
    if (firstMs !== undefined && firstMs > wantedMs) high = middle - 1
    else low = middle
  }
  const from = keys[Math.max(0, low - 2)]
  return from === undefined ? undefined : readSegments(transaction, priority, from, 5)
}

async function readSegments(
  transaction: IDBTransaction,
  priority: Priority,
  from: number,
  count: number,
): Promise<Segments> {
  const log = transaction.objectStore(storeNames.log[priority])
  const range = IDBKeyRange.lowerBound(from)
  const keysRequest = log.getAllKeys(range, count)
  const records: readonly SegmentRecord[] = await resultOf(log.getAll(range, count))
  const keys = numbers(keysRequest.result)
  const lastKey = keys.at(-1)
  if (lastKey === undefined) return { keys, records, marks: new Map() }
  return { keys, records, marks: await readMarks(transaction, priority, from, lastKey) }
}

/** The marks of all segments from one key to another. */
export async function readMarks(
  transaction: IDBTransaction,
  priority: Priority,
  from: number,
  to: number,
): Promise<ReadonlyMap<number, Marks>> {
  const store = transaction.objectStore(storeNames.marks[priority])
  const range = IDBKeyRange.bound(from, to)
  const keysRequest = store.getAllKeys(range)
  const values: readonly Marks[] = await resultOf(store.getAll(range))
  const marks = new Map<number, Marks>()
  for (const [nth, key] of numbers(keysRequest.result).entries()) {
    const value = values[nth]
    if (value !== undefined) marks.set(key, value)
  }
  return marks
}

/** The keys of the log are numbers: this code has made all of them. */
export function numbers(keys: readonly IDBValidKey[]): readonly number[] {
  return keys.filter((key) => typeof key === 'number')
}
