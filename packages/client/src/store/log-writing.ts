/** Writing the log: appending segments, marking entries, and deleting what is proved settled. */
import { priorities, type Priority, type QueuedOperation } from '@holdfast/core'
import { resultOf } from './indexeddb-request.ts'
import { numbers, readMarks } from './log-reading.ts'
import { countMarked, isMarked, withMark, type Marks } from './marks.ts'
import { storeNames } from './migrations.ts'
import { countOf, cutIntoSegments, packSegment, segmentKey, sequenceOf } from './segment.ts'
import { textOf } from './operation-text.ts'
import type { LiveEntry, Position } from './store.ts'

/** Appends a group within a transaction; gives the entries as stored, in the order given. */
export async function appendGroup(
  transaction: IDBTransaction,
  group: readonly QueuedOperation[],
): Promise<readonly LiveEntry[]> {
  const places = new Map<QueuedOperation, Position>()
  for (const priority of priorities) {
    const own = group.filter((queued) => queued.priority === priority)
    if (own.length === 0) continue
    const log = transaction.objectStore(storeNames.log[priority])
    // Read in the same transaction: whoever appends next, in whichever tab, sees this one's segment.
    const lastKey = await lastKeyOf(log)
    let sequence = sequenceOf(lastKey)
    // A placeholder has kept the sequence for this moment.
    if (lastKey > 0 && countOf(lastKey) === 0) log.delete(lastKey)
    for (const entries of cutIntoSegments(own)) {
      sequence += 1
      const segment = segmentKey(sequence, entries.length)
      log.add(packSegment(entries), segment)
      for (const [index, queued] of entries.entries()) places.set(queued, { priority, segment, index })
    }
  }
  return group.map((queued) => ({
    ...queued,
    position: places.get(queued) ?? { priority: queued.priority, segment: 0, index: 0 },
    size: textOf(queued.operation).length,
    state: { kind: 'queued' },
    attempts: [],
  }))
}

/** What stands in one priority's log between the first and the last segment that a transaction touches. */
export class LogSection {
  readonly #transaction: IDBTransaction
  readonly #priority: Priority
  readonly #keys: readonly number[]
  readonly #existing: ReadonlySet<number>
  readonly #marks: Map<number, Marks>
  readonly #touched = new Set<number>()

  private constructor(
    transaction: IDBTransaction,
    priority: Priority,
    keys: readonly number[],
    marks: ReadonlyMap<number, Marks>,
  ) {
    this.#transaction = transaction
    this.#priority = priority
    this.#keys = keys
    this.#existing = new Set(keys)
    this.#marks = new Map(marks)
  }

  static async read(transaction: IDBTransaction, priority: Priority, from: number, to: number): Promise<LogSection> {
    const log = transaction.objectStore(storeNames.log[priority])
    const keys = resultOf(log.getAllKeys(IDBKeyRange.bound(from, to)))
    const marks = await readMarks(transaction, priority, from, to)
    return new LogSection(transaction, priority, numbers(await keys), marks)
  }

  /** True while the entry at a position is queued. */
  isQueued({ segment, index }: Position): boolean {
    return this.#existing.has(segment) && !isMarked(this.#marks.get(segment), index)
  }

  mark({ segment, index }: Position): void {
    this.#marks.set(segment, withMark(this.#marks.get(segment), countOf(segment), index))
    this.#touched.add(segment)
  }

  /** Writes the marks and deletes the segments that they prove settled, neighbours in one range. */
  async write(): Promise<void> {
    if (this.#touched.size === 0) return
    const log = this.#transaction.objectStore(storeNames.log[this.#priority])
    const marks = this.#transaction.objectStore(storeNames.marks[this.#priority])
    const gone = new Set<number>()
    for (const key of this.#touched) {
      const value = this.#marks.get(key)
      if (value === undefined) continue
      if (countMarked(value) === countOf(key)) gone.add(key)
      else marks.put(value, key)
    }
    if (gone.size === 0) return
    const lastKey = await lastKeyOf(log)
    // The highest key keeps the sequence: a position must never be used twice. A settled body need not stay for that.
    if (gone.has(lastKey)) log.put({ format: 1, texts: [] }, segmentKey(sequenceOf(lastKey) + 1, 0))
    for (const [from, to] of runsOf(this.#keys, gone)) {
      const range = IDBKeyRange.bound(from, to)
      log.delete(range)
      marks.delete(range)
    }
  }
}

/** The runs of neighbouring keys that are all in `gone`. */
function runsOf(keys: readonly number[], gone: ReadonlySet<number>): readonly (readonly [number, number])[] {
  const runs: [number, number][] = []
  let open: [number, number] | undefined
  for (const key of keys) {
    if (!gone.has(key)) {
      open = undefined
      continue
    }
    if (open === undefined) {
      open = [key, key]
      runs.push(open)
    } else open[1] = key
  }
  return runs
}

async function lastKeyOf(log: IDBObjectStore): Promise<number> {
  const cursor = await resultOf(log.openKeyCursor(null, 'prev'))
  return typeof cursor?.key === 'number' ? cursor.key : 0
}
