/** Writing the log on IndexedDB: appending segments, marking entries, and deleting what is proved settled. */
import { priorities, type Priority, type QueuedOperation } from '@holdfast/core'
import { resultOf } from './indexeddb-request.ts'
import { marksOf, numbersOf } from './log-reading.ts'
import { LogSection } from './log-section.ts'
import type { MarksRecord } from './marks.ts'
import { storeNames } from './migrations.ts'
import {
  cutIntoSegments,
  deletionStart,
  packSegment,
  placeholderKey,
  queuedEntry,
  segmentKey,
  sequenceOf,
} from './segment.ts'
import type { FaultListener } from './store-fault.ts'
import type { LiveEntry } from './store.ts'

/** The last sequence of each log, as far as this handle knows it. A guess: another tab may have gone on. */
export type Tails = Map<Priority, number>

/** Thrown inside an append whose guess was wrong; its transaction is undone and repeated without a guess. */
export class OutpacedError extends Error {
  override readonly name = 'OutpacedError'
}

/** Segments that a repeated append looks back through for what the first try may have written: eight groups of other tabs. */
const repeatedLookBack = 64

/**
 * Appends a group within a transaction; gives the entries as stored, in the order given.
 *
 * With a guess of the last sequence, the look whether it still is the last and the writing go out together: that saves
 * a lone append one way to the browser process and back, which is half of its time.
 *
 * @param isRetry the group may have been written already, by a transaction whose end was not seen
 * @throws OutpacedError when somebody else has appended since the guess was made
 */
export async function appendGroup(
  transaction: IDBTransaction,
  group: readonly QueuedOperation[],
  isRetry: boolean,
  tails: Tails,
): Promise<readonly LiveEntry[]> {
  const stored: LiveEntry[] = []
  const appendTo = async (priority: Priority): Promise<void> => {
    const parts = cutIntoSegments(group, priority)
    if (parts.length === 0) return
    const log = transaction.objectStore(storeNames.log[priority])
    const records = parts.map(packSegment)
    const written = isRetry ? await sequenceOfWritten(log, records.at(-1)) : undefined
    const guess = isRetry ? undefined : tails.get(priority)
    const outpacedBy =
      guess === undefined ? undefined : resultOf(log.getKey(IDBKeyRange.lowerBound(segmentKey(guess + 1, 0))))
    // When the writing fails first, that is the error to report.
    outpacedBy?.catch(() => {})
    // Read in the same transaction: whoever appends next, in whichever tab, sees this one's segments.
    let sequence = written === undefined ? (guess ?? sequenceOf(await lastKeyOf(log))) : written - parts.length
    for (const [part, items] of parts.entries()) {
      sequence += 1
      const segment = segmentKey(sequence, items.length)
      if (written === undefined) log.add(records[part], segment)
      for (const [index, { queued, nth, text }] of items.entries()) {
        stored[nth] = queuedEntry(queued, text.length, { priority, segment, index })
      }
    }
    if ((await outpacedBy) !== undefined) throw new OutpacedError('another context has appended')
  }
  await Promise.all(priorities.map(appendTo))
  return stored
}

/** The part of a log that a transaction touches, and the last key of that log. */
export interface ReadSection {
  readonly priority: Priority
  readonly section: LogSection
  readonly lastKey: number
}

/** Reads the part of a log from one segment to another. */
export async function readSection(
  transaction: IDBTransaction,
  { priority, first, last }: { readonly priority: Priority; readonly first: number; readonly last: number },
  onFault: FaultListener,
): Promise<ReadSection> {
  const range = IDBKeyRange.bound(first, last)
  const log = transaction.objectStore(storeNames.log[priority])
  const marksStore = transaction.objectStore(storeNames.marks[priority])
  const [keys, marks, lastKey] = await Promise.all([
    resultOf(log.getAllKeys(range)),
    resultOf<unknown[]>(marksStore.getAll(range)),
    // Asked for along with the rest: it stays the last one until this transaction ends.
    lastKeyOf(log),
  ])
  return { priority, section: new LogSection(numbersOf(keys), marksOf(marks, marksStore.name, onFault)), lastKey }
}

/** Writes the new marks of a section and deletes the segments that they prove settled. */
export function writeSection(transaction: IDBTransaction, { priority, section, lastKey }: ReadSection): void {
  const log = transaction.objectStore(storeNames.log[priority])
  const marksStore = transaction.objectStore(storeNames.marks[priority])
  const { marks, deletions } = section.writes()
  for (const record of marks) {
    const stored: MarksRecord = record
    marksStore.put(stored)
  }
  for (const { first, last } of deletions) {
    const range = IDBKeyRange.bound(deletionStart(first), last)
    log.delete(range)
    marksStore.delete(range)
    // A position must never be used twice, so the highest sequence stays; a settled body need not stay for that.
    if (last === lastKey) log.put('', placeholderKey(sequenceOf(last)))
  }
}

/** The sequence of the segment with this very text, if it is among the last ones. */
async function sequenceOfWritten(log: IDBObjectStore, record: string | undefined): Promise<number | undefined> {
  const request = log.openCursor(null, 'prev')
  for (let looked = 0; looked < repeatedLookBack; looked += 1) {
    const cursor = await resultOf(request)
    if (cursor === null) return undefined
    if (cursor.value === record && typeof cursor.key === 'number') return sequenceOf(cursor.key)
    cursor.continue()
  }
  return undefined
}

/** The highest key of each log; 0 for one that is empty. */
export async function lastKeys(transaction: IDBTransaction): Promise<ReadonlyMap<Priority, number>> {
  const endOf = async (priority: Priority): Promise<readonly [Priority, number]> => [
    priority,
    await lastKeyOf(transaction.objectStore(storeNames.log[priority])),
  ]
  return new Map(await Promise.all(priorities.map(endOf)))
}

/** The highest key of a log, placeholders included; 0 when it is empty. */
export async function lastKeyOf(log: IDBObjectStore): Promise<number> {
  const cursor = await resultOf(log.openKeyCursor(null, 'prev'))
  return typeof cursor?.key === 'number' ? cursor.key : 0
}
