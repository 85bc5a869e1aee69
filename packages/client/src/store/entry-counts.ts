/** Counting entries on IndexedDB: by keys and marks alone. No body is read, so that a sealed outbox can be counted. */
import { priorities, type HeldState, type Priority } from '@holdfast/core'
import { resultOf } from './indexeddb-request.ts'
import { marksOf, segmentKeysOf } from './log-reading.ts'
import { countMarked } from './marks.ts'
import { heldByKind, storeNames } from './migrations.ts'
import { countOf } from './segment.ts'
import type { FaultListener } from './store-fault.ts'
import type { StoreCounts } from './store.ts'

/** The object stores that a count reads. */
export const countedStores: readonly string[] = [
  ...Object.values(storeNames.log),
  ...Object.values(storeNames.marks),
  storeNames.held,
]

/** Counts the entries of a database. */
export async function countEntries(transaction: IDBTransaction, onFault: FaultListener): Promise<StoreCounts> {
  const held = transaction.objectStore(storeNames.held).index(heldByKind)
  const ofKind = (kind: HeldState['kind']): Promise<number> =>
    resultOf(held.count(IDBKeyRange.bound([kind], [kind, []])))
  const queuedOf = async (priority: Priority): Promise<number> => {
    const marksStore = transaction.objectStore(storeNames.marks[priority])
    const [keys, marks] = await Promise.all([
      resultOf(transaction.objectStore(storeNames.log[priority]).getAllKeys()),
      resultOf<unknown[]>(marksStore.getAll()),
    ])
    let queued = 0
    for (const key of segmentKeysOf(keys)) queued += countOf(key)
    for (const bits of marksOf(marks, marksStore.name, onFault).values()) queued -= countMarked(bits)
    return queued
  }
  const [waiting, conflicted, dead, ...queued] = await Promise.all([
    ofKind('waiting'),
    ofKind('conflicted'),
    ofKind('dead'),
    ...priorities.map(queuedOf),
  ])
  return { queued: queued.reduce((sum, count) => sum + count, 0), waiting, conflicted, dead }
}
