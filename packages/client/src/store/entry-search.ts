/** Finding entries on IndexedDB, wherever they have got to. */
import { priorities, type OperationId } from '@holdfast/core'
import { heldOf } from './held-reading.ts'
import { findAnywhere, findNear, type ReadTransaction } from './log-reading.ts'
import { storeNames } from './migrations.ts'
import { findResults } from './results.ts'
import type { FaultListener } from './store-fault.ts'
import type { StoredEntry } from './store.ts'

/**
 * Finds entries: first where they most likely are, then everywhere. Those that are likely queued are looked for where
 * their ids say that they stand in the log, one by one, before anything else is read.
 *
 * An entry only ever moves from the log to `held` to the results, and within the results to a later record. A search
 * that goes the same way cannot miss one, so writers need not wait for it.
 */
export async function findEntries(
  read: ReadTransaction,
  ids: ReadonlySet<OperationId>,
  onFault: FaultListener,
  { isLikelyQueued }: { readonly isLikelyQueued: boolean },
): Promise<ReadonlyMap<OperationId, StoredEntry>> {
  const missing = new Set(ids)
  const found = new Map<OperationId, StoredEntry>()
  const take = (entries: Iterable<readonly [OperationId, StoredEntry]>): void => {
    for (const [id, entry] of entries) {
      found.set(id, entry)
      missing.delete(id)
    }
  }
  const searchHeld = async (): Promise<void> => {
    take(await read([storeNames.held], (transaction) => heldOf(transaction, missing, onFault)))
  }
  let resultsFrom = 0
  const searchSettled = (): Promise<void> =>
    read([storeNames.results], async (transaction) => {
      const results = await findResults(transaction.objectStore(storeNames.results), missing, resultsFrom)
      resultsFrom = results.nextKey
      take([...results.found].map(([id, { entry }]) => [id, entry] as const))
    })
  const searchQueuedNear = async (): Promise<void> => {
    if (!isLikelyQueued) return
    for (const id of missing) {
      for (const priority of priorities) {
        const stores = [storeNames.log[priority], storeNames.marks[priority]]
        const entry = await read(stores, (transaction) => findNear(transaction, priority, id, onFault))
        if (entry === undefined) continue
        take([[id, entry]])
        break
      }
    }
  }
  const searchQueued = async (): Promise<void> => {
    take(await findAnywhere(read, missing, onFault))
  }
  // What moved on while the log was searched is in one of the last two, and in a result that is new.
  for (const search of [searchHeld, searchQueuedNear, searchSettled, searchQueued, searchHeld, searchSettled]) {
    if (missing.size === 0) break
    await search()
  }
  return found
}
